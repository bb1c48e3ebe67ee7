"""A recorded stop of dosing: what it ends, what it says, and where it is refused."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from monitor.bed import view
from monitor.patient.deviations import deviations
from monitor.session.commands import InfusionAction, Refusal, Refused, RetractRecord, StopDosing
from monitor.session.session import Phase
from tests.monitor.builders import REGIMENS, Bedside, bed
from tests.monitor.sessions import field, form_of, history

STOP = StopDosing("vomited", "nurse.a")
WORDS = "stopped after 28 of 84 mg: vomited"


def dosing() -> Bedside:
    """A patient with the first of three devices, two minutes ago."""
    return bed().with_session().with_baseline().prepared().minutes(1).dosed(28).minutes(2)


def stopped() -> Bedside:
    return dosing().asks(STOP)


def words(side: Bedside) -> str | None:
    shown = view.session(side.bed, side.now)
    assert shown is not None
    return shown.dosing_stopped


def test_after_a_stop_the_patient_is_observed_from_the_last_device_on() -> None:
    side = dosing()
    last = side.session.last_dose_at
    assert last is not None
    assert side.phase() is Phase.DOSING
    side.asks(STOP)
    assert side.phase() is Phase.OBSERVING
    assert side.session.window_ends_at == last + timedelta(minutes=120)
    assert side.bed.readiness.predose_criteria(side.now) == []


def test_a_stop_is_kept_with_who_when_and_why_also_after_a_restart() -> None:
    side = stopped()
    (stop,) = side.session.dosing_stops
    assert (stop.reason, stop.by, stop.at) == ("vomited", "nurse.a", side.now.wall)
    was = side.session
    assert side.rebuilt().session == was


def test_the_session_the_form_and_the_deviations_name_the_stop() -> None:
    side = stopped()
    assert words(side) == WORDS
    found = field(form_of(history(side)), "doses")
    assert WORDS in found.text
    assert found.value["stopped"] == WORDS
    assert found.sources[-1].what == "dosing stopped: vomited"
    assert f"incomplete: 28 mg of 84 mg given, {WORDS}" in [*deviations(history(side))]


def test_without_a_stop_nothing_is_said_of_one() -> None:
    side = dosing().minutes(15)
    assert side.phase() is Phase.OBSERVING
    assert words(side) is None
    assert "stopped" not in field(form_of(history(side)), "doses").value
    assert "incomplete: 28 mg of 84 mg given" in [*deviations(history(side))]


def test_a_dose_after_a_stop_waits_and_is_taken_as_given_all_the_same() -> None:
    side = stopped().minutes(4).scored(moaas=5)
    with pytest.raises(Refused, match=f"dosing-stopped .{WORDS}") as refused:
        side.dosed(28, override=None)
    assert refused.value.kind is Refusal.CONFLICT
    side.dosed(28)
    assert side.last("dose.given").payload["deviation"]["unmet"] == ["dosing-stopped"]
    assert side.phase() is Phase.DOSING
    assert words(side) is None
    side.asks(STOP)
    assert words(side) == "stopped after 56 of 84 mg: vomited"


def test_a_dose_from_before_the_stop_is_corrected_without_a_word_of_it() -> None:
    side = stopped()
    side.dosed(28, side.session.doses[0].at, lot="B7", corrects=side.session.doses[0].id)
    assert side.phase() is Phase.OBSERVING
    assert words(side) == WORDS


def test_a_stop_that_is_withdrawn_lets_dosing_go_on() -> None:
    side = stopped()
    side.asks(RetractRecord(side.session.dosing_stops[0].id, "nurse.a", "the wrong bed"))
    assert side.phase() is Phase.DOSING
    assert words(side) is None


def test_a_stop_withdrawn_late_leaves_the_patient_observed() -> None:
    side = stopped().minutes(20)
    side.asks(RetractRecord(side.session.dosing_stops[0].id, "nurse.a", "the wrong bed"))
    assert side.phase() is Phase.OBSERVING


def test_a_stop_is_corrected_by_a_record_that_names_it() -> None:
    side = stopped().minutes(1)
    at = side.session.dosing_stops[0].at
    side.asks(StopDosing("refused", "nurse.b", corrects=side.session.dosing_stops[0].id))
    (stop,) = side.session.dosing_stops
    assert (stop.reason, stop.by, stop.at) == ("refused", "nurse.b", at)
    assert side.phase() is Phase.OBSERVING


def test_a_stop_typed_by_the_minute_of_the_device_is_taken() -> None:
    side = dosing().minutes(1).dosed(28).wait(5)
    minute = side.now.wall.replace(second=0)
    assert side.asks(StopDosing("vomited", "nurse.a", minute)).phase() is Phase.OBSERVING


def infusing(*actions: InfusionAction) -> Bedside:
    side = bed().with_session("ketamine-iv").with_baseline().minutes(1)
    for action in (InfusionAction.START, *actions):
        side.infusion(action).minutes(1)
    return side


@pytest.mark.parametrize(
    ("side", "words"),
    [
        (
            lambda: bed().with_session(),
            "nothing has been given: abort .*/v1/sessions/s-1/abort",
        ),
        (infusing, "end the infusion: POST /api/v1/sessions/s-1/infusion"),
        (lambda: infusing(InfusionAction.PAUSE), "end the infusion"),
        (lambda: infusing(InfusionAction.END), "the infusion has ended"),
        (stopped, "nurse.a has stopped it: correct record"),
        (lambda: dosing().dosed(28).dosed(28), "all 84 mg are given"),
    ],
    ids=["nothing given", "infusing", "paused", "ended", "stopped", "complete"],
)
def test_where_there_is_no_dosing_to_stop_it_says_what_to_do(
    side: Callable[[], Bedside], words: str
) -> None:
    with pytest.raises(Refused, match=words) as refused:
        side().asks(STOP)
    assert refused.value.kind is Refusal.CONFLICT


def test_a_stop_before_the_last_device_is_refused() -> None:
    side = dosing()
    with pytest.raises(Refused, match="the last dose was given at") as refused:
        side.asks(StopDosing("vomited", "nurse.a", side.now.wall - timedelta(minutes=3)))
    assert (refused.value.kind, refused.value.field) == (Refusal.INVALID, "at")


def test_a_former_session_is_stopped_as_well() -> None:
    former = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    side = bed().with_session(former).with_baseline().dosed(28).minutes(2).asks(STOP)
    assert side.phase() is Phase.OBSERVING
