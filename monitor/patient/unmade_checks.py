"""The planned checks that nobody made: what they were to find was not assessed. Pure.

A check that is missed is so for good. One that is still overdue when the session ends was not
made either; one that is not overdue by then does not count.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from drivers.clock import rfc3339
from monitor.session import (
    CHECK_NAMES,
    CheckKind,
    CheckState,
    PlannedCheck,
    Session,
    SessionHistory,
    planned_checks,
)


@dataclass(frozen=True, slots=True)
class UnmadeCheck:
    """A planned check that was not made, and why that is known: `missed`, `overdue`, `not made`.

    `minute` is how many whole minutes after the first dose it was due; None is before the dose.
    """

    of: CheckKind
    due_at: datetime
    minute: int | None
    state: str

    def as_json(self) -> dict[str, Any]:
        """The check as interfaces show it."""
        return {
            "check": self.of.value,
            "due_at": rfc3339(self.due_at),
            "minute": self.minute,
            "state": self.state,
        }


@dataclass(frozen=True, slots=True)
class Checks:
    """How many of the regimen's checks after the dose were made, and which of all were not.

    `made` does not count those that go on for who stays longer: they come after the time in
    which something was to be expected.
    """

    made: int
    unmade: tuple[UnmadeCheck, ...]

    def since_dose(self) -> tuple[UnmadeCheck, ...]:
        """Those not made that were due after the first dose."""
        return tuple(check for check in self.unmade if check.minute is not None)


def checks(history: SessionHistory, now: datetime, kind: CheckKind | None = None) -> Checks:
    """The checks of that kind, None for every, as they stand at the session's end or now."""
    session = history.session
    at = session.ended_at or now
    planned = [c for c in planned_checks(session, at) if kind in (None, c.check)]
    unmade = (check for each in planned if (check := _unmade(history, each)) is not None)
    return Checks(sum(_is_made(session, each) for each in planned), tuple(unmade))


def _is_made(session: Session, check: PlannedCheck) -> bool:
    """Whether it was done, after the dose, and is none of those for who stays longer."""
    first, last = session.first_dose_at, session.last_dose_at
    if check.state is not CheckState.DONE or first is None or check.due_at <= first:
        return False
    entries = [entry for entry in session.regimen.check if entry.of is check.check]
    if last is None or all(entry.then_every_min is None for entry in entries):
        return True
    is_infusion = session.infusion is not None
    after = (entry.after_infusion_min if is_infusion else entry.after_dose_min for entry in entries)
    return check.due_at <= last + timedelta(minutes=max(max(each, default=0) for each in after))


def _unmade(history: SessionHistory, planned: PlannedCheck) -> UnmadeCheck | None:
    session = history.session
    if planned.state is CheckState.MISSED:
        state = "missed"
    elif planned.state is CheckState.OVERDUE:
        state = "overdue" if session.is_open else "not made"
    else:
        return None
    first = session.first_dose_at
    is_before = first is None or planned.due_at <= first
    minute = None if is_before else history.whole_minutes(planned.due_at)
    return UnmadeCheck(planned.check, planned.due_at, minute, state)


def at_minutes(unmade: Iterable[UnmadeCheck]) -> str:
    """When these checks were due, in words: "at +15, +30 (missed), +45 (overdue)"."""
    parts = []
    for state, same in groupby(unmade, key=lambda check: check.state):
        minutes = ["baseline" if c.minute is None else f"+{c.minute}" for c in same]
        parts.append(f"{', '.join(minutes)} ({state})")
    return f"at {', '.join(parts)}"


def by_kind(unmade: Sequence[UnmadeCheck]) -> list[str]:
    """Each kind and when it was not made, in words: "MOAA/S at +15, +30 (missed)"."""
    of = {kind: [check for check in unmade if check.of is kind] for kind in CheckKind}
    return [f"{CHECK_NAMES[kind]} {at_minutes(same)}" for kind, same in of.items() if same]
