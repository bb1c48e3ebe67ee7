"""What a bed that is restored knows of the SpO2 that was seen before."""

import random
from datetime import timedelta
from typing import Any, Self

import pytest

from drivers.clock import Instant
from drivers.registry import DeviceSpec
from monitor.bed.bed import Bed
from monitor.bed.effects import Result
from monitor.bed.input_codec import dump
from monitor.bed.inputs import Input, SeenBefore
from monitor.bed.seen_before import RecordedInput, seen_before
from monitor.session.criterion import Criterion
from monitor.session.session import Phase
from monitor.session.spo2_trace import KEPT_S, Spo2Trace
from tests.monitor.bed.test_two_oximeters import SECOND, both
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, Bedside


class Recorded(Bedside):
    """A bed whose inputs are recorded, as the journal does, in all that one core was given."""

    def __init__(self, *devices: DeviceSpec) -> None:
        self.recordings: list[list[RecordedInput]] = [[]]
        self.same_boot = False
        super().__init__(devices or (OXIMETER, CUFF))
        self.bed: Any = _Recorder(self.bed, self.recordings)

    @property
    def trace(self) -> Spo2Trace:
        trace: Spo2Trace = self.bed.readiness._spo2_trace
        return trace

    @property
    def seen(self) -> SeenBefore | None:
        return seen_before(
            self.devices,
            self.recordings,
            differ_by=DEFAULT.spo2_differs_by,
            same_boot=self.same_boot,
        )

    def killed(
        self,
        away_s: float = 0.0,
        lost_s: float = 0.0,
        set_by_s: float = 0.0,
        *,
        same_boot: bool = False,
    ) -> Self:
        """The daemon is killed; the inputs of the last `lost_s` seconds were not stored.

        It is back after `away_s`, with a wall clock that was set, and with another monotonic one
        unless the machine has run on.
        """
        self.same_boot = same_boot
        until = self.now.mono - lost_s
        self.recordings[-1][:] = [one for one in self.recordings[-1] if one[0].mono <= until]
        wall = self.now.plus(away_s + set_by_s).wall
        anew_s = random.Random(away_s).uniform(0.0, 1e6)
        self.now = Instant(wall, self.now.mono + away_s if same_boot else anew_s)
        again = Bed("bed-1", self.devices, DEFAULT)
        again.restore(self.events, self.events[-1].n, self.now, self.seen)
        self.recordings.append([])
        self.bed = _Recorder(again, self.recordings)
        return self

    def spo2_then(self, ago_s: float) -> str:
        """What the condition for a dose says of SpO2 that long ago."""
        gate = self.bed.readiness.predose_criteria_of(self.session, self.now)
        criteria: list[Criterion] = gate(self.now.wall - timedelta(seconds=ago_s))
        return next(criterion.why for criterion in criteria if criterion.name == "spo2")


class _Recorder:
    def __init__(self, bed: Bed, recordings: list[list[RecordedInput]]) -> None:
        self._bed = bed
        self._recordings = recordings

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bed, name)

    def handle(self, given: Input, now: Instant) -> Result:
        self._recordings[-1].append((now, dump(given)))
        return self._bed.handle(given, now)


def watched(minutes: float) -> Recorded:
    """A patient after the dose, seen at 97 % for so long."""
    side = Recorded().with_session()
    side.silent("cuff").dosed()
    return side.minutes(minutes)


def spo2(side: Bedside) -> str:
    return side.criterion("spo2").why


# ── what leaving asks of SpO2 ───────────────────────────────────────────────────────────


def test_a_patient_whose_spo2_was_as_leaving_asks_is_so_with_the_first_value() -> None:
    side = watched(11).killed(away_s=30)
    assert spo2(side) == "no SpO2 now"
    assert spo2(side.second()) == "97 %"
    assert side.criterion("spo2").met


def test_without_what_was_stored_it_is_counted_from_the_restart() -> None:
    assert spo2(watched(11).rebuilt().second()) == "97 %, seen for 0 of 10 min"


@pytest.mark.parametrize(
    ("seen_min", "away_s", "lost_s", "then"),
    [
        (9.5, 0, 0, 9),
        (9.5, 240, 0, 9),
        (14, 400, 0, 8),
        (20, 1000, 0, 0),
        (9.5, 0, 40, 8),
    ],
)
def test_what_nobody_watched_is_a_gap(
    seen_min: float, away_s: float, lost_s: float, then: int
) -> None:
    side = watched(seen_min).killed(away_s, lost_s).second()
    assert spo2(side) == f"97 %, seen for {then} of 10 min"


def test_a_stretch_under_the_limit_is_not_forgotten() -> None:
    side = watched(1).spo2(90, for_s=35).spo2(97).minutes(11).killed(away_s=60).second()
    assert spo2(side) == "97 %, under 94 % in the last 15 min"
    assert spo2(side.minutes(3)) == "97 %"


def test_a_stretch_under_the_limit_goes_on_over_a_restart() -> None:
    side = watched(12).spo2(90, for_s=20).killed(away_s=60).second()
    assert spo2(side.wait(9)) == "90 %"
    assert spo2(side.wait(3)) == "90 %, under 94 % in the last 15 min"


def test_a_value_that_went_stale_before_the_restart_was_lost_then() -> None:
    side = watched(5).silent("oximeter", for_s=300).killed().talks("oximeter").second()
    assert spo2(side) == "97 %, seen for 5 of 10 min"


def test_one_restart_after_another_forgets_nothing() -> None:
    side = watched(4).killed(away_s=30).minutes(4).killed(away_s=30).minutes(3).killed(30).second()
    assert spo2(side) == "97 %"


def test_another_session_s_values_are_not_taken() -> None:
    side = Recorded().with_session().minutes(11)
    side.aborted()
    assert side.killed().trace.seen_s(side.now.mono - 900, side.now.mono) == 0


def test_of_two_oximeters_that_differed_the_lower_one_counts_after_a_restart_too() -> None:
    side = Recorded(OXIMETER, SECOND, CUFF)
    side.with_session()
    both(side.silent("cuff").dosed(), 97, 91, for_s=11 * 60)
    both(side.killed(away_s=30), 97, 97, for_s=2)
    assert spo2(side) == "97 %, under 94 % in the last 15 min"


# ── the dose ────────────────────────────────────────────────────────────────────────────


def test_the_dose_is_judged_by_the_spo2_of_its_own_time() -> None:
    side = Recorded().with_session().wait(60).spo2(87, for_s=60).spo2(97, for_s=60)
    side.killed(away_s=30).second()
    assert [side.spo2_then(ago_s) for ago_s in (15, 60, 120)] == [
        "no SpO2 now: check the sensor",
        "97 %",
        "87 % is under 93",
    ]


# ── clocks ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step_s", [-7200.0, -60.0, 60.0, 7200.0])
def test_a_clock_that_was_set_before_makes_nothing_older_or_younger(step_s: float) -> None:
    side = watched(9).wall_steps(step_s).wait(90).killed(away_s=60).second()
    assert spo2(side) == "97 %"
    side = watched(9).wall_steps(step_s).wait(45).killed(away_s=60).second()
    assert spo2(side) == "97 %, seen for 9 of 10 min"


def test_a_clock_set_back_while_away_is_noticed_by_the_last_input() -> None:
    side = watched(11).killed(away_s=5, set_by_s=-300).second()
    stepped = side.last("clock.stepped")
    assert stepped.payload["by_s"] == -295
    assert spo2(side) == "97 %"
    assert side.since_dose_min() == pytest.approx(11, abs=0.1)


@pytest.mark.parametrize("step_s", [-7200.0, -60.0, 60.0, 7200.0])
def test_where_the_clock_was_set_after_the_last_stored_input_nothing_is_taken(
    step_s: float,
) -> None:
    side = watched(11).wall_steps(step_s).wait(5).killed(lost_s=8).second()
    assert spo2(side) == "97 %, seen for 0 of 10 min"
    assert [e.payload["by_s"] for e in side.events if e.type == "clock.stepped"] == [step_s]


def test_a_step_of_long_ago_takes_nothing_away() -> None:
    side = watched(2).wall_steps(60).wait(KEPT_S + 60).killed(away_s=30)
    assert side.seen is not None
    assert spo2(side.second()) == "97 %"


# ── as it is stored ─────────────────────────────────────────────────────────────────────


def test_what_was_seen_is_read_back_as_it_was_written() -> None:
    seen = watched(1).wall_steps(60).spo2(90, for_s=20).spo2(None, for_s=20).seen
    assert seen is not None
    assert seen.set_at is not None
    assert SeenBefore.from_json(seen.as_json()) == seen


def test_recordings_that_hold_no_input_say_nothing() -> None:
    assert seen_before((OXIMETER, CUFF), [], differ_by=None) is None
    assert seen_before((OXIMETER, CUFF), [[]], differ_by=None) is None


@pytest.mark.parametrize("seed", range(8))
def test_it_is_what_the_bed_itself_had_seen(seed: int) -> None:
    rng = random.Random(seed)
    side = watched(0)
    for _ in range(rng.randrange(5, 30)):
        match rng.randrange(6):
            case 0:
                side.talks("oximeter") if "oximeter" not in side.talking else side.silent(
                    "oximeter"
                )
            case 1:
                side.wall_steps(rng.choice([-700.0, -1.5, 1.5, 900.0]))
            case _:
                side.spo2(rng.choice([None, 88, 93, 94, 97]))
        side.wait(rng.choice([1, 7, 40, 200]))
    was, end = side.trace, side.now.mono
    windows = [(rng.uniform(0, 1200), rng.uniform(0, 300)) for _ in range(10)]

    def facts(trace: Spo2Trace, now: float) -> list[float | None]:
        found: list[float | None] = []
        for length_s, ago_s in windows:
            until = now - ago_s
            found.append(trace.seen_s(until - length_s, until))
            found.append(trace.longest_under_s(94, until - length_s, until))
            found.append(trace.at(until))
        return found

    before = facts(was, end)
    side.killed()
    assert facts(side.trace, side.now.mono) == pytest.approx(before, abs=0.005, nan_ok=True)


@pytest.mark.parametrize("lost_s", [0.0, 8.0])
@pytest.mark.parametrize("set_by_s", [-10_800.0, -60.0, 60.0, 10_800.0])
def test_a_clock_set_while_away_moves_nothing_where_the_machine_ran_on(
    set_by_s: float, lost_s: float
) -> None:
    side = watched(11).killed(away_s=30, lost_s=lost_s, set_by_s=set_by_s, same_boot=True)
    side.second()
    assert side.last("clock.stepped").payload["by_s"] == pytest.approx(set_by_s)
    assert side.since_dose_min() == pytest.approx(11.5, abs=0.1)
    assert spo2(side) == "97 %"
    side.wall_steps(-set_by_s).wait(5)
    assert side.since_dose_min() == pytest.approx(11.6, abs=0.1)
    assert side.phase() is Phase.OBSERVING


def test_where_the_machine_ran_on_and_nobody_set_its_clock_nothing_is_said() -> None:
    side = watched(11).killed(away_s=1800, same_boot=True).second()
    assert "clock.stepped" not in side.types()
    assert side.since_dose_min() == pytest.approx(41, abs=0.1)
