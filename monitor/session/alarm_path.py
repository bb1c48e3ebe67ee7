"""The proof of the alarm path: a test alarm that a person takes at a screen that showed it. Pure.

A nurse asks for it, a rule raises it, and it goes where every alarm goes. Taken in time where it
was shown it is proved; taken anywhere else, or by nobody, it is not. It is no condition of
anything: a dose is given with or without it. When a display has shown it the ward says.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from alerts.alarm import Alarm
from alerts.rules import Priority, RuleSet
from monitor.session.commands import Acknowledge, ProveAlarmPath, Refusal, Refused
from monitor.session.events import Draft, Event
from monitor.session.shown import Shown, Time, documented

CONDITION: Final = "alarm-path-test"
"""The technical condition of a bed while its test alarm waits for a person."""

TEST: Final = timedelta(seconds=45)
"""How long it waits: an alarm of high priority would go to the next level after 60 s."""

STARTED: Final = "alarm-path.test-started"
PROVED: Final = "alarm-path.proved"
NOT_PROVED: Final = "alarm-path.not-proved"


@dataclass(frozen=True, slots=True)
class AlarmPath(Shown):
    """What is known of the way from a rule to a person."""

    proved_at: Annotated[
        Time | None, documented("When it was last proved; null for never.", "2026-01-05T08:41:00Z")
    ] = None
    station: Annotated[str | None, documented("At which screen.", "Desk")] = None
    by: Annotated[str | None, documented("Who took the test alarm there.", "nurse.a")] = None
    sounded: Annotated[bool, documented("Whether that screen sounded it.", True)] = False
    testing_since: Annotated[
        Time | None,
        documented("Since when a test alarm waits for a person.", "2026-01-05T08:40:50Z"),
    ] = None
    why_not: Annotated[
        str | None,
        documented("Why the last test proved nothing.", "nobody took the test alarm in 45 s"),
    ] = None

    def is_testing(self, now: datetime) -> bool:
        """Whether the test alarm is there; not after a clock was set back past its start."""
        since = self.testing_since
        return since is not None and since <= now < since + TEST


UNTRIED: Final = AlarmPath()


def start(
    path: AlarmPath, command: ProveAlarmPath, rules: RuleSet, alarms: Iterable[Alarm]
) -> list[Draft]:
    """The test alarm is raised, where none waits. Raises `Refused`.

    Nor where another alarm waits that is heard as well: that one comes first.
    """
    if path.testing_since is not None:
        raise Refused(Refusal.CONFLICT, "a test alarm is waiting already: take it")
    if all(rule.technical_condition != CONDITION for rule in rules.rules):
        raise Refused(Refusal.CONFLICT, f"the rule set {rules.name} has no rule on {CONDITION}")
    for alarm in alarms:
        if alarm.priority >= Priority.MEDIUM and not alarm.acknowledged:
            raise Refused(Refusal.CONFLICT, f"an alarm waits here: {alarm.text}; take it first")
    return [(STARTED, {"by": command.by})]


def taken(command: Acknowledge) -> Draft:
    """The test alarm was acknowledged."""
    if command.station is None:
        why = "it was taken where no screen had shown it"
        return NOT_PROVED, {"by": command.by, "reason": why}
    said = {"by": command.by, "station": command.station, "sounded": command.sounded}
    return PROVED, said


def expired(path: AlarmPath, now: datetime) -> list[Draft]:
    """Nobody has taken the test alarm in time."""
    if path.testing_since is None or path.is_testing(now):
        return []
    seconds = TEST.total_seconds()
    return [(NOT_PROVED, {"reason": f"nobody took the test alarm in {seconds:g} s"})]


def ends_at(path: AlarmPath) -> datetime | None:
    """When a test that waits is over; None for none."""
    return None if path.testing_since is None else path.testing_since + TEST


def evolve(path: AlarmPath, event: Event) -> AlarmPath:
    """What is known after `event`, which is about it. A test that failed disproves the last."""
    if event.type == STARTED:
        return replace(path, testing_since=event.at, why_not=None)
    if event.type == NOT_PROVED:
        return AlarmPath(why_not=event.payload["reason"])
    payload = event.payload
    return AlarmPath(event.at, payload["station"], payload["by"], payload["sounded"])
