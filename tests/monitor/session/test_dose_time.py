"""After the machine was started anew a person confirms when the dose was given."""

from dataclasses import replace

import pytest

from monitor.bed.bed import Bed
from monitor.session.clearance import NEVER_CLEARED
from monitor.session.commands import ClearanceScope, ConfirmDoseTime, Refused
from monitor.session.dose_time import last_told
from monitor.session.regimen import Regimen
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, REGIMENS, Bedside, bed


def anew(side: Bedside) -> Bedside:
    """The bed after the machine was started anew."""
    rebuilt = Bed("bed-1", (OXIMETER, CUFF), DEFAULT)
    rebuilt.restore(side.events, side.bed.event_number, side.now, began_anew=True)
    side.bed = rebuilt
    return side.wait(1)


def test_ready_is_withdrawn_until_a_person_has_confirmed_it() -> None:
    side = anew(bed().with_session().with_baseline().dosed())
    criterion = side.criterion("dose-time")
    assert (criterion.met, criterion.stops) == (False, True)
    assert criterion.why == "the machine was started anew: confirm when the dose was given"
    assert "dose-time" in NEVER_CLEARED[ClearanceScope.LEAVING]
    side.asks(ConfirmDoseTime("nurse.b"))
    assert side.criterion("dose-time").met
    assert side.last("dose-time.confirmed").payload["by"] == "nurse.b"
    with pytest.raises(Refused, match="not in doubt"):
        side.asks(ConfirmDoseTime("nurse.b"))


def test_a_doubt_is_told_once_and_outlasts_another_restart() -> None:
    side = anew(anew(bed().with_session().dosed()))
    assert side.types("dose-time.") == ["dose-time.doubted"]
    assert side.session.dose_time_doubted_at is not None


def test_nothing_is_asked_before_the_dose_or_in_a_former_edition() -> None:
    assert not anew(bed().with_session()).types("dose-time.")
    former = replace_edition(2)
    assert not anew(bed().with_session(former).dosed()).types("dose-time.")


def replace_edition(edition: int) -> Regimen:
    return REGIMENS["esketamine-84"].model_copy(update={"edition": edition})


def test_a_doubt_stays_at_its_time_when_the_clock_is_set() -> None:
    side = anew(bed().with_session().dosed())
    before = side.session.dose_time_doubted_at
    side.wall_steps(3600).wait(1)
    assert before is not None
    assert side.session.dose_time_doubted_at is not None
    assert (side.session.dose_time_doubted_at - before).total_seconds() == 3600


def test_a_correction_says_nothing_new_of_when_it_was_given() -> None:
    events = bed().with_session().dosed().events
    dose = next(event for event in events if event.type == "dose.given")
    corrected = replace(dose, n=dose.n + 9, payload={**dose.payload, "corrects": dose.id})
    assert last_told([*events, corrected]) == dose
