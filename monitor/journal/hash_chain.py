"""The chain of hashes over the events: pure functions, no database.

Each event's hash is the SHA-256 of the canonical JSON (sorted keys, no spaces, UTF-8) of
its stored columns but `hash` itself; `prev_hash` is one of them, so a changed, lost or
inserted event breaks every hash after it. The payload goes in as the text that is
stored, so no database can change how a number is written.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final, Self

from alerts.alarm import ALARM_ENDINGS, ALARM_OPENINGS
from drivers.clock import parse_rfc3339, rfc3339
from monitor.session import UNREADABLE, Event, Stored, upcast

GENESIS: Final = "0" * 64
"""The `prev_hash` of the first event."""

JOURNAL_STREAM: Final = "journal"
"""Stands where a bed's name would, in events about the journal itself."""

EVENTS_LOST: Final = "journal.events-lost"
"""The event with which the chain goes on where stored events are missing."""


@dataclass(frozen=True, slots=True)
class ChainHead:
    """The last event's place and hash: where the next one goes on."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(frozen=True, slots=True)
class Loss:
    """Events that were stored and are not there: the chain ends at `found`, short of `known`.

    Or event `known` is there and another one, so that `found` may lie past it.
    """

    found: ChainHead
    known: ChainHead

    def __str__(self) -> str:
        first, last = self.found.seq + 1, self.known.seq
        if first > last:
            return f"event {last} is not the one that was stored"
        return (
            f"event {last} is missing" if first == last else f"events {first} to {last} are missing"
        )

    @property
    def goes_on_from(self) -> ChainHead:
        """What the next event follows: no place that was ever given is given again."""
        return ChainHead(max(self.found.seq, self.known.seq), self.found.hash)

    def as_json(self) -> dict[str, Any]:
        """The payload of `EVENTS_LOST`."""
        return asdict(self) | {"what": str(self)}

    @classmethod
    def from_json(cls, payload: Mapping[str, Any]) -> Self:
        """What `as_json` wrote."""
        return cls(ChainHead(**payload["found"]), ChainHead(**payload["known"]))


@dataclass(frozen=True, slots=True)
class IntegrityFault:
    """The first event at which the journal is not what was written, and why."""

    seq: int
    why: str


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a walk over the whole journal found: `fault` is None when it is intact.

    `losses` are the events that say where others are missing.
    """

    events: int
    head: ChainHead
    fault: IntegrityFault | None
    losses: tuple[Stored, ...] = ()


def canonical(value: object) -> str:
    """`value` as canonical JSON text.

    Raises `TypeError` or `ValueError` when it is not plain JSON data (NaN and infinities
    are not).
    """
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )


def row_hash(row: Mapping[str, Any]) -> str:
    """The hash of a row of the `event` table; a `hash` in it is left out."""
    covered = {name: value for name, value in row.items() if name != "hash"}
    return hashlib.sha256(canonical(covered).encode()).hexdigest()


def link(event: Event, payload: str, head: ChainHead) -> tuple[dict[str, Any], Stored]:
    """The row and the stored event that follow `head`; `payload` is canonical JSON."""
    at = rfc3339(event.at)
    row: dict[str, Any] = {
        "seq": head.seq + 1,
        "id": event.id,
        "bed": event.bed,
        "n": event.n,
        "session": event.session,
        "type": event.type,
        "subject": event.subject,
        "at": at,
        "payload": payload,
        "prev_hash": head.hash,
    }
    row["hash"] = row_hash(row)
    kept = event if event.at.microsecond % 1000 == 0 else replace(event, at=parse_rfc3339(at))
    return row, Stored(row["seq"], kept, head.hash, row["hash"])


def stored_from(row: Mapping[str, Any]) -> Stored:
    """The event that a row of the `event` table holds, in today's names.

    One that cannot be read is an `UNREADABLE`, in its place: it keeps no other from being read.
    """
    names = (row["id"], row["bed"], row["n"], row["session"])
    try:
        at, payload = parse_rfc3339(row["at"]), json.loads(row["payload"])
        event = upcast.event(Event(*names, row["type"], row["subject"], at, dict(payload)))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        known = {"type": row["type"], "reason": reason}
        event = Event(*names, UNREADABLE, None, _at(row["at"]), known)
    return Stored(row["seq"], event, row["prev_hash"], row["hash"])


def _at(text: str) -> datetime:
    try:
        return parse_rfc3339(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def open_after(open_alarms: Mapping[str, str], events: Iterable[Event]) -> dict[str, str]:
    """The open alarms (subject to bed) after `events`.

    An alarm is open from an event of `ALARM_OPENINGS` to one of `ENDINGS`.
    """
    after = dict(open_alarms)
    for event in events:
        if event.subject is None:
            continue
        if event.type in ALARM_OPENINGS:
            after[event.subject] = event.bed
        elif event.type in ALARM_ENDINGS:
            after.pop(event.subject, None)
    return after


def verify(
    head: ChainHead, rows: Iterable[Mapping[str, Any]]
) -> tuple[ChainHead, IntegrityFault | None]:
    """Follow the chain over `rows`: the new head, or the last good one and the fault.

    Over missing events it goes on where an event says which ones they are.
    """
    for row in rows:
        if row["type"] == EVENTS_LOST and row["hash"] == row_hash(row):
            loss = Loss.from_json(json.loads(row["payload"]))
            head = loss.goes_on_from if loss.found == head else head
        if row["seq"] != head.seq + 1:
            return head, IntegrityFault(row["seq"], f"event {head.seq + 1} is missing")
        if row["prev_hash"] != head.hash:
            return head, IntegrityFault(row["seq"], "prev_hash is not the hash of the event before")
        if row["hash"] != row_hash(row):
            return head, IntegrityFault(
                row["seq"], "the event was changed: its hash does not match"
            )
        head = ChainHead(row["seq"], row["hash"])
    return head, None
