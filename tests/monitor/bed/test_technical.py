"""Which technical conditions there are at a bed, and which cannot be determined."""

from dataclasses import replace

import pytest

from drivers.clock import Instant
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Identity,
    Item,
    LinkState,
    Measurement,
    Reading,
    Vital,
)
from drivers.registry import DeviceSpec
from monitor.bed.state import BedState
from monitor.bed.technical import UPDATE_S, TechnicalConditions, possible_conditions
from monitor.bed.vitals import Vitals
from monitor.session.regimen import CheckKind
from monitor.session.session import Session
from tests.monitor.builders import CUFF, OXIMETER, START, bed

VALUES = Measurement((Reading(Vital.SPO2, 97), Reading(Vital.PULSE, 70)))
IDLE = CuffState(CuffPhase.IDLE)
LATER = START.plus(60)


class Conditions:
    """The technical conditions of a bed, and what they are determined from."""

    def __init__(self, *devices: DeviceSpec, min_silence_s: float = 0.0) -> None:
        self.state = BedState(devices)
        self.vitals = Vitals(devices, {})
        self.technical = TechnicalConditions(devices, self.state, self.vitals, min_silence_s)

    def with_session(self, nurse: str | None = "nurse.a") -> "Conditions":
        self.state.session = self.state.open_session = replace(_session(), nurse=nurse)
        return self

    def reporting(self, device: str, item: Item, at: Instant = START) -> "Conditions":
        status = self.technical.devices[device]
        status.link_changed(LinkState.UP, None, at)
        status.receive(item, at)
        if isinstance(item, Measurement):
            self.vitals.take(device, item.readings, at)
        return self

    def at_bed(self) -> dict[str, str]:
        self.technical.update_bed(START)
        return self.found(None)

    def found(self, source: str | None) -> dict[str, str]:
        present = self.technical.present
        return {name: reason for (name, at), reason in present.items() if at == source}


def _session() -> Session:
    return bed().with_session().session


# ── the bed and the site ────────────────────────────────────────────────────────────────


def test_a_site_condition_lasts_until_it_is_over() -> None:
    of = Conditions(OXIMETER)
    of.technical.set_site_condition("journal-failing", "disk full")
    assert of.at_bed() == {"journal-failing": "disk full"}
    of.technical.set_site_condition("journal-failing", None)
    assert of.at_bed() == {}


def test_what_no_device_here_streams_is_missing_in_a_session() -> None:
    assert Conditions(CUFF).at_bed() == {}
    missing = Conditions(CUFF).with_session().at_bed()
    assert missing == {"signal-missing": "no device here gives spo2, pulse"}


def test_a_bed_that_no_nurse_watches_says_so() -> None:
    assert Conditions(OXIMETER).with_session().at_bed() == {}
    unwatched = Conditions(OXIMETER).with_session(nurse=None).at_bed()
    assert unwatched == {"nobody-watching": "no nurse has taken over"}


def test_a_cuff_that_must_not_be_started_is_a_condition_of_the_bed() -> None:
    of = Conditions(OXIMETER, CUFF)
    of.state.nibp["cuff"].inhibited = "a line in that arm"
    assert of.at_bed() == {"nibp-inhibited": "a line in that arm"}


# ── checks ──────────────────────────────────────────────────────────────────────────────


def test_each_kind_of_check_is_overdue_by_itself() -> None:
    of = Conditions(OXIMETER)
    changed = of.technical.update_checks({CheckKind.CADSS: "CADSS was due"})
    assert changed == {("check-overdue", "cadss")}
    assert of.found("cadss") == {"check-overdue": "CADSS was due"}
    assert of.technical.update_checks({}) == {("check-overdue", "cadss")}
    assert of.found("cadss") == {}


# ── devices ─────────────────────────────────────────────────────────────────────────────


def test_of_a_device_that_does_not_respond_only_the_link_is_known() -> None:
    of = Conditions(OXIMETER)
    of.technical.update_device("oximeter", START)
    assert of.found("oximeter") == {"link-lost": "connecting"}
    assert ("sensor-off", "oximeter") in of.technical.unknown
    assert ("link-lost", "oximeter") not in of.technical.unknown


def test_a_condition_has_changed_when_it_can_no_longer_be_determined() -> None:
    of = Conditions(OXIMETER).reporting("oximeter", VALUES)
    of.technical.update_device("oximeter", START)
    assert of.technical.check_silence(LATER)
    _, changed = of.technical.update_device("oximeter", LATER)
    assert {("device-silent", "oximeter"), ("sensor-off", "oximeter")} <= changed


def test_nothing_has_changed_that_is_determined_again() -> None:
    of = Conditions(OXIMETER).reporting("oximeter", Measurement((), frozenset({Flag.SENSOR_OFF})))
    _, changed = of.technical.update_device("oximeter", START)
    assert ("sensor-off", "oximeter") in changed
    assert of.technical.update_device("oximeter", START)[1] == set()


def test_a_device_is_announced_once_it_responds() -> None:
    of = Conditions(OXIMETER)
    assert of.technical.update_device("oximeter", START)[0] is None
    of.reporting("oximeter", Identity("3150"))
    up = ("device.connected", {"device": "oximeter", "model": "3150"})
    assert of.technical.update_device("oximeter", START)[0] == up


def test_a_device_that_was_announced_is_announced_as_gone() -> None:
    of = Conditions(OXIMETER)
    of.state.announced["oximeter"] = True
    down = ("device.disconnected", {"device": "oximeter", "reason": "connecting"})
    assert of.technical.update_device("oximeter", START)[0] == down


@pytest.mark.parametrize(("failures", "found"), [(1, {}), (2, {"cuff-failed": "weak pulse"})])
def test_a_cuff_has_failed_that_failed_twice(failures: int, found: dict[str, str]) -> None:
    of = Conditions(CUFF).reporting("cuff", IDLE)
    of.state.nibp["cuff"].failures = failures
    of.state.nibp["cuff"].failure = "weak pulse"
    of.technical.update_device("cuff", START)
    assert of.found("cuff") == found


def test_a_vital_that_should_be_streamed_and_is_not_is_missing() -> None:
    values = Measurement((Reading(Vital.SPO2, 97), Reading(Vital.PULSE, None)))
    of = Conditions(OXIMETER).with_session().reporting("oximeter", values)
    of.technical.update_device("oximeter", START)
    assert of.found("oximeter") == {"signal-missing": "gives no pulse"}
    assert of.technical.devices["oximeter"].missing_signals


def test_only_what_a_device_can_have_is_possible() -> None:
    possible = possible_conditions([OXIMETER, CUFF])
    assert "cuff-failed" in possible["cuff"]
    assert "cuff-failed" not in possible["oximeter"]
    assert set(possible["cadss"]) == {"check-overdue"}
    assert "nobody-watching" in possible[None]


# ── when time alone may change them ─────────────────────────────────────────────────────


def test_time_alone_makes_a_device_silent() -> None:
    of = Conditions(OXIMETER).reporting("oximeter", VALUES)
    of.technical.next_update = START.mono + UPDATE_S
    due_at = of.technical.due_at(START)
    assert due_at == START.mono + OXIMETER.kind.silent_after_s
    assert not of.technical.check_silence(Instant(START.wall, due_at - 0.001))
    assert of.technical.check_silence(Instant(START.wall, due_at))


def test_all_are_due_after_a_while_although_nothing_changed() -> None:
    of = Conditions(OXIMETER)
    of.technical.next_update = START.mono + UPDATE_S
    assert of.technical.due_at(START) == START.mono + UPDATE_S


def test_under_a_fast_clock_a_lost_link_is_due_all_the_time() -> None:
    of = Conditions(OXIMETER, min_silence_s=30.0)
    of.technical.next_update = START.mono + UPDATE_S
    assert of.technical.due_at(START) == START.mono
    assert of.technical.check_silence(START)
