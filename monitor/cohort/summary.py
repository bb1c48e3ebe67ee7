"""What a cohort's stays come to: the targets, readiness, and the burden of alarms. Pure."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from alerts.rules import Priority
from monitor.cohort.stay import CHECKED_MIN, NotedAlarm, SimulatedSession
from simulators.targets import Endpoints, TargetResult, check_targets

WITHIN_MIN: Final = CHECKED_MIN[90]
"""What was found by then counts as within 90 min of the dose."""

READY_LEAST: Final = {90: 90.0, 120: 96.5}
"""How many percent meet every criterion but the window and the escort at the check of that
minute after 84 mg of esketamine [pooled phase 3 and real-world reports]."""

RISES_MIN: Final = (20, 40, 60, 90, 120)
NEAR_MIN: Final = 5.0
"""When mean rises are told, and how far from that a pressure may have been taken."""


@dataclass(frozen=True, slots=True)
class AlarmLoad:
    """Alarms of one rule at one priority: how many, how often, how many led to an action."""

    rule: str
    kind: str
    priority: str
    alarms: int
    per_hour: float
    acted: int


@dataclass(frozen=True, slots=True)
class Summary:
    """A cohort in figures.

    `ready_min` are the minutes in which 5, 50, 90 and 95 % of those dosed were ready, infinite
    where so many never were; `kept` says what kept how many at the check of 120 min. `rises`
    are minute, mean systolic and mean diastolic. `blind_s` are the longest stretch without
    a saturation, the share of patients who had one, and the seconds of them all. `checks` are
    those planned by how they stood at the end.
    """

    patients: int
    hours: float
    ends: dict[str, int]
    findings: tuple[TargetResult, ...]
    rises: tuple[tuple[int, float, float], ...]
    ready_min: dict[int, float]
    kept: dict[str, int]
    burden: tuple[AlarmLoad, ...]
    called_again: int
    blind_longest_s: float
    blind_patients: int
    blind_min: float
    checks: dict[str, int]

    @property
    def missed(self) -> list[TargetResult]:
        """The targets that are not met."""
        return [finding for finding in self.findings if not finding.met]


def summary(regimen: str, stays: Sequence[SimulatedSession]) -> Summary:
    """What `stays` on `regimen` come to."""
    dosed = [stay for stay in stays if stay.left_min is not None]
    with_baseline = [stay for stay in dosed if "sys" in stay.baseline]
    hours = sum(stay.hours for stay in stays)
    ready = [np.inf if stay.ready_min is None else stay.ready_min for stay in dosed]
    blind = [seconds for stay in stays for seconds in stay.blind_s]
    return Summary(
        patients=len(stays),
        hours=hours,
        ends=dict(sorted(Counter(stay.end for stay in stays).items())),
        findings=(*check_targets(regimen, shown_in(with_baseline)), *_ready(regimen, dosed)),
        rises=tuple(rise for minute in RISES_MIN if (rise := _rise(with_baseline, minute))),
        ready_min={share: _share_by(ready, share) for share in (5, 50, 90, 95)},
        kept=dict(
            Counter(name for stay in dosed for name in stay.unmet.get(120, ())).most_common()
        ),
        burden=tuple(_burden((heard for stay in stays for heard in stay.alarms), hours)),
        called_again=sum(stay.called_again for stay in stays),
        blind_longest_s=max(blind, default=0.0),
        blind_patients=sum(bool(stay.blind_s) for stay in stays),
        blind_min=sum(blind) / 60.0,
        checks=dict(sum((stay.checks for stay in stays), Counter[str]())),
    )


def shown_in(dosed: Sequence[SimulatedSession]) -> Endpoints:
    """What was measured in these stays, each with a baseline pressure, for the targets."""

    def each(of: Callable[[SimulatedSession], float]) -> NDArray[Any]:
        return np.array([of(stay) for stay in dosed], dtype=float)

    def most(stay: SimulatedSession, column: int) -> float:
        return max((p[column] for p in stay.pressures if 0 < p[0] <= WITHIN_MIN), default=np.nan)

    def scores(stay: SimulatedSession, scale: str, since_min: float = 0.0) -> list[int]:
        return [n for of, at, n in stay.scores if of == scale and since_min < at <= WITHIN_MIN]

    def last_or_nan(totals: list[int]) -> float:
        return totals[-1] if totals else np.nan

    sys, dia = each(lambda s: s.baseline["sys"]), each(lambda s: s.baseline["dia"])
    return Endpoints(
        age=each(lambda s: s.age),
        sys_rise_most=each(lambda s: most(s, 1)) - sys,
        dia_rise_most=each(lambda s: most(s, 2)) - dia,
        sys_most=each(lambda s: most(s, 1)),
        dia_most=each(lambda s: most(s, 2)),
        sys_rise_at_40=each(lambda s: _near(s, 40)[0]) - sys,
        dia_rise_at_40=each(lambda s: _near(s, 40)[1]) - dia,
        cadss_most=each(lambda s: max(scores(s, "cadss"), default=0)),
        cadss_at_90=each(lambda s: last_or_nan(scores(s, "cadss", 90 - NEAR_MIN))),
        moaas_least=each(lambda s: min(scores(s, "moaas"), default=5)),
    )


def _near(stay: SimulatedSession, minute: int) -> tuple[float, float]:
    """The pressure taken closest to `minute`, NaN when none is near."""
    found = [(abs(at - minute), sys, dia) for at, sys, dia in stay.pressures]
    off, sys, dia = min(found, default=(np.inf, np.nan, np.nan))
    return (sys, dia) if off <= NEAR_MIN else (np.nan, np.nan)


def _rise(dosed: Sequence[SimulatedSession], minute: int) -> tuple[int, float, float] | None:
    rises = []
    for stay in dosed:
        sys, dia = _near(stay, minute)
        if not np.isnan(sys):
            rises.append((sys - stay.baseline["sys"], dia - stay.baseline["dia"]))
    if not rises:
        return None
    sys, dia = np.mean(rises, axis=0).tolist()
    return minute, sys, dia


def _ready(regimen: str, dosed: Sequence[SimulatedSession]) -> Iterable[TargetResult]:
    if regimen != "esketamine-84" or not dosed:
        return
    for check, least in READY_LEAST.items():
        ready = sum(stay.unmet.get(check) == () for stay in dosed)
        name = f"ready but for the window, {check} min"
        yield TargetResult(name, least, 100.0, 100.0 * ready / len(dosed))


def _share_by(minutes: Sequence[float], share: int) -> float:
    return sorted(minutes)[max(0, -(-len(minutes) * share // 100) - 1)] if minutes else np.inf


def _burden(heard: Iterable[NotedAlarm], hours: float) -> list[AlarmLoad]:
    found: defaultdict[tuple[str, str, str], list[bool]] = defaultdict(list)
    for alarm in heard:
        found[alarm.rule, alarm.kind, alarm.priority].append(alarm.acted)
    rows = [
        AlarmLoad(rule, kind, priority, len(acted), len(acted) / hours, sum(acted))
        for (rule, kind, priority), acted in found.items()
    ]
    return sorted(rows, key=lambda row: (-Priority.of(row.priority), -row.alarms, row.rule))
