"""A respiratory rate that a device measures does the check that is due, as a pressure does."""

from dataclasses import replace

from drivers import masimo
from drivers.driver import Driver
from drivers.readings import Measurement, Reading, Vital
from drivers.registry import DeviceSpec
from monitor.session.regimen import CheckKind
from monitor.session.schedule import CheckState, PlannedCheck
from tests.monitor.builders import CUFF, OXIMETER, Bedside, bed
from tests.monitor.sessions import field, form_of, history

FRESH_S = 30.0


class Capnograph(DeviceSpec):
    """A device that streams the rate; no driver that ships does."""

    @property
    def kind(self) -> Driver:
        return replace(masimo.DRIVER, stale_after_s={Vital.RESP: FRESH_S})


CAPNOGRAPH = Capnograph("capnograph", "masimo", "memory://capnograph")


def breathing(side: Bedside, rate: float | None, *, minutes: float = 0) -> Bedside:
    """The capnograph says so now, and every twenty seconds for so many minutes."""
    for _ in range(round(minutes * 3) or 1):
        side.says("capnograph", Measurement((Reading(Vital.RESP, rate),)))
        side.wait(20 if minutes else 0)
    return side


def watched() -> Bedside:
    return bed(OXIMETER, CUFF, CAPNOGRAPH).with_session().with_baseline()


def checks(side: Bedside) -> list[PlannedCheck]:
    planned = side.bed.readiness.planned_checks(side.now)
    return [check for check in planned if check.check is CheckKind.RESP]


def test_a_measured_rate_does_the_baseline_and_each_check_when_it_is_due() -> None:
    side = breathing(watched(), 14).dosed()
    [seen] = side.session.observations
    assert (seen.resp, seen.by, seen.device, seen.oxygen) == (14, None, "capnograph", None)
    breathing(side, 15, minutes=39)
    assert len(side.session.observations) == 1
    breathing(side, 15, minutes=2)
    assert [seen.resp for seen in side.session.observations] == [14, 15]
    assert [check.state for check in checks(side)][:2] == [CheckState.DONE] * 2


def test_a_check_that_waits_is_done_when_a_rate_comes() -> None:
    side = watched().dosed().minutes(46)
    assert checks(side)[1].state is CheckState.OVERDUE
    assert "check.overdue" in side.open_rules()
    breathing(side, 13)
    assert checks(side)[1].state is CheckState.DONE


def test_a_measured_rate_that_is_slow_is_measured_again() -> None:
    side = breathing(watched(), 10).dosed()
    breathing(side, 10, minutes=16)
    assert [seen.resp for seen in side.session.observations] == [10, 10]


def test_the_form_names_the_device_that_measured_a_slow_rate() -> None:
    side = breathing(breathing(watched(), 14).dosed(), 7, minutes=41)
    found = field(form_of(history(side)), "respiratory_depression")
    assert [(s.device, s.by) for s in found.sources] == [("capnograph", None)]


def test_a_stale_rate_does_no_check() -> None:
    side = breathing(watched(), 14).dosed()
    breathing(side, 14, minutes=30)
    side.minutes(11)
    assert checks(side)[1].state is CheckState.DUE


def test_a_typed_rate_does_it_as_well() -> None:
    side = watched().observed(resp=16).dosed().minutes(40).observed(resp=17)
    assert [check.state for check in checks(side)][:2] == [CheckState.DONE] * 2
    assert [seen.device for seen in side.session.observations] == [None, None]
