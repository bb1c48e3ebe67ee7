"""`postdose replay` and `postdose rules --what-if`: recorded sessions read, run and printed."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise, zip_longest
from pathlib import Path
from statistics import median
from typing import Final

from rich import box
from rich.console import Console
from rich.table import Table

from alerts.rules import RuleSet, loader
from drivers.registry import SpecError
from monitor import __version__
from monitor.bed import RecordingStart, TimedInput, load
from monitor.journal import InputBlock, JournalReader, StartBlock, queries
from monitor.replay.replay import (
    Difference,
    Gap,
    MissingInputs,
    RecordingItem,
    ReplayResult,
    replay,
)
from monitor.replay.what_if import (
    Comparison,
    Effect,
    Onset,
    by_rule,
    compare,
    effects,
    pairs,
    under,
)
from monitor.session import OPENINGS, REOPENED, SESSION_ENDINGS, Event, last_end

WIDE: Final = 150
AROUND: Final = 60
"""How much of two differing events is shown from where they differ."""


class ReplayError(Exception):
    """A session that cannot be run again; the message says why."""


@dataclass(frozen=True, slots=True)
class RecordedSession:
    """A recorded session: its bed's events by number, and the way to what the bed was given.

    Of one that was moved this is as far as it was at the first bed; `moved_to` is the rest.
    """

    id: str
    bed: str
    first_n: int
    is_open: bool
    events: dict[int, Event]
    journal: JournalReader
    moved_to: "RecordedSession | None" = None

    def before_move(self, session: str, bed: str, n: int) -> list[Event]:
        """The events of a session up to that bed's event `n`."""
        found = self.journal.query_sync(queries.before_move, session, bed, n)
        return [stored.event for stored in found]

    def items(self) -> Iterator[RecordingItem]:
        """What the bed was given, from its last start before the session on."""
        return recording_items(self.journal.recording(self.bed, self.first_n))

    def since_its_beginning(self, events: Sequence[Event]) -> Sequence[Event]:
        """Those of the bed's `events` of the session that are of this stay at it, also run again.

        It may have been at the bed before.
        """
        at = self.events[self.first_n].at
        began = (i for i, e in enumerate(events) if e.type in OPENINGS and e.at == at)
        return events[next(began, 0) :]

    @property
    def own(self) -> list[Event]:
        """The session's own events, at every bed."""
        own = [e for e in self.events.values() if e.session == self.id and e.n >= self.first_n]
        return own if self.moved_to is None else [*own, *self.moved_to.own]


@contextmanager
def recorded_sessions(store_url: str) -> Iterator[JournalReader]:
    """The journal, open to be read. Raises `StoreError`."""
    journal = JournalReader.open_to_read(store_url)
    try:
        yield journal
    finally:
        journal.release()


def find(journal: JournalReader, session: str) -> RecordedSession:
    """The session of that id. Raises `ReplayError` and `StoreError`."""
    began = [s.event for s in journal.query_sync(queries.of_sessions, [session], OPENINGS)]
    if not began:
        raise ReplayError(f"there is no session {session}; GET /api/v1/sessions lists them")
    types = {*SESSION_ENDINGS, REOPENED}
    last = journal.query_sync(queries.of_sessions, [session], types)
    ended = last_end(stored.event for stored in reversed(last)) is not None
    last_n = journal.query_sync(queries.last_n, began[-1].bed, session if ended else None)
    found = _at_bed(journal, began[-1], last_n, is_open=not ended)
    for before, after in reversed([*pairwise(began)]):
        found = _at_bed(journal, before, after.payload["from_n"], moved_to=found)
    return found


def _at_bed(
    journal: JournalReader,
    began: Event,
    last_n: int,
    *,
    is_open: bool = False,
    moved_to: RecordedSession | None = None,
) -> RecordedSession:
    """The session as it was at the bed where it `began` so."""
    session, bed, first_n = str(began.session), began.bed, began.n
    start = next(iter(journal.recording(bed, first_n)), None)
    if not isinstance(start, StartBlock):
        raise ReplayError(f"what {bed} was given in session {session} was not recorded")
    earliest = min(start.data["first_n"], first_n)
    stored = journal.query_sync(queries.events_of, bed, earliest, last_n)
    events = {each.event.n: each.event for each in stored}
    return RecordedSession(session, bed, first_n, is_open, events, journal, moved_to)


def recording_items(recording: Iterable[StartBlock | InputBlock]) -> Iterator[RecordingItem]:
    """A recording as the core can take it; says where some of it is missing.

    Raises `ReplayError` for one that this version cannot read.
    """
    opening: str | None = None
    expected = 0
    for each in recording:
        try:
            if isinstance(each, StartBlock):
                opening, expected = each.opening, 0
                yield RecordingStart.from_json(each.at, each.data)
            elif each.opening != opening or each.first != expected:
                opening = None
                yield MissingInputs()
            else:
                expected += len(each.entries)
                for entry in each.entries:
                    yield TimedInput(entry.at, load(entry.text))
        except (KeyError, TypeError, SpecError, loader.RuleError) as error:
            raise ReplayError(f"this version cannot read the recording: {error}") from error


# ── the same again ──────────────────────────────────────────────────────────────────────


def replay_report(found: RecordedSession) -> tuple[bool, list[str]]:
    """Whether the session gives the same events again, and what there is to say."""
    if found.moved_to is None:
        return _replay_report(found)
    here, there = _replay_report(found), replay_report(found.moved_to)
    told = [f"at {found.bed}: {line}" for line in here[1]]
    is_last = found.moved_to.moved_to is None
    told += [f"at {found.moved_to.bed}: {line}" if is_last else line for line in there[1]]
    return here[0] and there[0], told


def _replay_report(found: RecordedSession) -> tuple[bool, list[str]]:
    again = replay(found.bed, found.items(), found.events, found.before_move)
    same = sum(event.n >= found.first_n for event in again.same)
    lost = [unseen for unseen in again.gaps if unseen.last_n >= found.first_n]
    to_come = [u for u in lost if found.is_open and u.until is None]
    lines = [_difference(again.difference, again)] if again.difference else []
    lines += [_unseen(unseen, found) for unseen in lost if unseen not in to_come]
    if lines:
        return False, [
            *lines,
            f"the same before that: {same} events" if same else "none is the same",
        ]
    if found.is_open:
        late = f", {to_come[0].events} more are not recorded yet" if to_come else ""
        return True, [f"same: {same} events so far{late}"]
    return True, [f"same: {same} events"]


def _difference(found: Difference, again: ReplayResult) -> str:
    was, now = found.recorded or "", found.replayed
    start = next((i for i, (a, b) in enumerate(zip_longest(was, now)) if a != b), 0)
    start = max(0, start - AROUND)
    version = "" if again.version == __version__ else f"; recorded by Postdose {again.version}"
    return "\n".join(
        (
            f"event {found.n} differs{version}",
            f"  recorded  {_cut(was, start) or 'no such event'}",
            f"  again     {_cut(now, start)}",
        )
    )


def _cut(text: str, start: int) -> str:
    end = start + 3 * AROUND
    return ("…" if start else "") + text[start:end] + ("…" if text[end:] else "")


def _unseen(unseen: Gap, found: RecordedSession) -> str:
    since = "the start" if unseen.since is None else f"{unseen.since:%Y-%m-%d %H:%M:%S}"
    until = "the end" if unseen.until is None else f"{unseen.until:%Y-%m-%d %H:%M:%S}"
    return (
        f"from {since} to {until} nothing can be compared: what {found.bed} was given then is not "
        f"in the recording; events {unseen.first_n} to {unseen.last_n}"
    )


# ── under other rules ───────────────────────────────────────────────────────────────────


def what_if(found: RecordedSession, rules: RuleSet) -> Comparison:
    """The session as it was and as it would have been under `rules`.

    Of one that was moved, the other bed begins with what was recorded at the first.
    """
    other: list[Event] = []
    at: RecordedSession | None = found
    while at is not None:
        events = under(rules, at.bed, at.id, at.items(), at.events, at.before_move)
        other += at.since_its_beginning(events)
        at = at.moved_to
    return compare(found.id, found.own, other)


def print_compared(console: Console, found: Comparison, rules: RuleSet) -> None:
    """One session side by side: each rule's alarms, then every alarm that differs."""
    was, other = by_rule(found.recorded), by_rule(found.other)
    table = _table(f"Session {found.session}: as recorded, and under {rules.name} {rules.version}")
    for column in ("Rule", "Raised", "First", "In alarm", "Would", "First", "In alarm"):
        table.add_column(column, justify="left" if column == "Rule" else "right")
    for rule in sorted({*was, *other}):
        table.add_row(rule, *_sums(was.get(rule, [])), *_sums(other.get(rule, [])))
    console.print(table)
    differ = [pair for pair in pairs(found.recorded, found.other) if pair.later_s != 0]
    for pair in differ:
        onset = pair.onset
        where = f" at {onset.device}" if onset.device else ""
        console.print(
            f"{_clock(onset.at)}  {onset.rule}{where}: {_change(pair.later_s, pair.recorded)}  "
            f"({onset.text})",
            highlight=False,
            soft_wrap=True,
        )
    if not differ:
        console.print("No alarm would have been different.")


def _change(later_s: float | None, recorded: Onset | None) -> str:
    if later_s is None:
        return "one more" if recorded is None else "would not have come"
    return f"{abs(later_s):.3g} s {'later' if later_s > 0 else 'earlier'}"


def _sums(onsets: Sequence[Onset]) -> tuple[str, str, str]:
    if not onsets:
        return "0", "", ""
    total_s = sum(onset.lasted_s for onset in onsets)
    return str(len(onsets)), _clock(onsets[0].at), f"{total_s:.0f} s"


def print_effects(console: Console, sessions: Sequence[Comparison], rules: RuleSet) -> None:
    """Several sessions: what the other set would have done to each rule's alarms."""
    name = f"{rules.name} {rules.version}"
    table = _table(f"{len(sessions)} sessions as recorded, and under {name}")
    for column in ("Rule", "Raised", "True", "Would", "True", "First true one"):
        left = column in ("Rule", "First true one")
        table.add_column(column, justify="left" if left else "right")
    for effect in effects(sessions):
        table.add_row(
            effect.rule,
            str(effect.raised[0]),
            str(effect.true[0]),
            str(effect.raised[1]),
            str(effect.true[1]),
            _firsts(effect),
        )
    console.print(table)


def _firsts(effect: Effect) -> str:
    earlier = [s for s in effect.shifts_s if s < 0]
    later = [s for s in effect.shifts_s if s > 0]
    parts = [
        f"{len(shifts)} {word} by {abs(median(shifts)):.3g} s"
        for shifts, word in ((earlier, "earlier"), (later, "later"))
        if shifts
    ]
    parts += [f"{effect.missed} missed"] if effect.missed else []
    parts += [f"{effect.found} more"] if effect.found else []
    return ", ".join(parts) or ("the same" if effect.shifts_s else "")


def _table(title: str) -> Table:
    return Table(title=title, title_justify="left", box=box.SIMPLE, expand=False)


def _clock(at: datetime) -> str:
    return f"{at:%H:%M:%S}"


# ── what the commands do ────────────────────────────────────────────────────────────────


def run_replay(store_url: str, session: str, rules: Path | None, console: Console) -> bool:
    """Run one session again; False when it does not give the same.

    Raises `ReplayError`, `StoreError` and `RuleError`.
    """
    with recorded_sessions(store_url) as journal:
        found = find(journal, session)
        if rules is not None:
            other = loader.load_rules(str(rules))
            print_compared(_wide(console), what_if(found, other), other)
            return True
        is_same, lines = replay_report(found)
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
    return is_same


def run_what_if(store_url: str, sessions: Sequence[str], rules: Path, console: Console) -> None:
    """Run several sessions under other rules. Raises as `run_replay` does."""
    other = loader.load_rules(str(rules))
    with recorded_sessions(store_url) as journal:
        results = [what_if(find(journal, session), other) for session in sessions]
    print_effects(_wide(console), results, other)


def _wide(console: Console) -> Console:
    console.width = max(console.width, WIDE)
    return console
