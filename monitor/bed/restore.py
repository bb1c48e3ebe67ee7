"""A bed rebuilt from its stored events. Pure."""

from collections.abc import Iterable, MutableMapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from alerts.alarm import ALARM_ONSETS, Alarm
from drivers.clock import Instant
from monitor.bed.inputs import SeenBefore
from monitor.session import (
    MOVED_IN,
    UNREADABLE,
    Arrival,
    Event,
    decide,
    dose_time,
    happened_at,
    leaves_bed,
    moving,
    upcast,
)

if TYPE_CHECKING:
    from monitor.bed.bed import Bed


def restore(
    bed: "Bed",
    events: Iterable[Event],
    last_n: int,
    now: Instant,
    seen_before: SeenBefore | None,
    *,
    began_anew: bool,
    before_move: Iterable[Event] = (),
) -> list[str]:
    """Have a new `bed` continue from its stored `events`, the last of which is number `last_n`.

    An event that cannot be taken is left out: which, and why, is returned in words.

    Where the monotonic clock ran on since the last input of `seen_before`, the wall clock is held
    against it. Elsewhere that was set back if the last event or input is still to come. Where the
    machine `began_anew` since something was given, a person has to confirm when that was.
    `before_move` are the events of the last session until it was moved here.
    """
    history = [*events]
    left_out = _await(bed, before_move, history)
    if seen_before is not None and seen_before.is_before_clock_step(history):
        seen_before = None
    last_at = [event.at for event in history[-1:]]
    last_at += [] if seen_before is None else [seen_before.until]
    expected = None if seen_before is None else seen_before.by_the_clock_of_then(now)
    now, step_s = bed.timeline.resume(now, max(last_at, default=None), expected)
    onsets: dict[str, float] = {}
    for event, at in happened_at(history, now, step_s):
        try:
            _take(bed, event, at, onsets, now)
        except Exception as error:
            left_out.append(f"event {event.n} ({event.type}): {type(error).__name__}: {error}")
    left_out += [
        f"event {event.n} ({event.payload['type']}): {event.payload['reason']}"
        for event in history
        if event.type == UNREADABLE
    ]
    bed.pending.n = last_n
    if step_s:
        bed.emit("clock.stepped", {"by_s": step_s}, now)
    session = bed.state.open_session
    is_former = session is not None and session.regimen.edition < 3
    bed.alarm_engine.resume(now, None if is_former else onsets)
    bed.state.drop_requests()
    if session is not None:
        bed.alarms.use_patient_limits({rule for rule, _, _ in session.patient_limits()})
        bed.state.update_charted(now)
        bed.readiness.age_pressures(now)
        if seen_before is not None:
            bed.readiness.take_up(seen_before, now)
        if began_anew:
            for draft in dose_time.doubt(session):
                bed.emit(*draft, now)
        rules = decide.rules_reference(bed.rules)
        if session.rules != rules:
            bed.emit("rules.changed", {"rules": rules}, now)
    return left_out


def _await(bed: "Bed", before_move: Iterable[Event], history: Sequence[Event]) -> list[str]:
    """Have `bed` await the session that was moved there; says where that cannot be."""
    if (moved := moving.last_move(history)) is None:
        return []
    what = f"event {moved.n} ({moved.type})"
    try:
        bed.expect(arrival := Arrival.from_events(before_move))
    except Exception as error:
        return [f"{what}: {type(error).__name__}: {error}"]
    if arrival is None or not arrival.is_of(moved):
        return [f"{what}: what was recorded at {moved.payload['from']} before is not there"]
    return []


def _is_anothers(bed: "Bed", event: Event) -> bool:
    """Whether what was measured here before `event`, which was folded, is of somebody else."""
    session = bed.state.session
    is_former = session is not None and session.regimen.edition < 3
    return event.type == MOVED_IN or (event.type == "session.started" and not is_former)


def _take(
    bed: "Bed", event: Event, at: Instant, onsets: MutableMapping[str, float], now: Instant
) -> None:
    arriving = bed.state.arriving
    if event.type == MOVED_IN and arriving is not None and arriving.is_of(event):
        for past in arriving.past_alarms:
            bed.alarm_engine.apply(upcast.alarm(replace(past, bed=bed.id), bed.rules))
    bed.fold(event, at.mono)
    if event.subject is not None:
        alarm = Alarm.from_json(event.payload["alarm"])
        bed.alarm_engine.apply(upcast.alarm(alarm, bed.rules))
        if event.type in ALARM_ONSETS:
            onsets[event.subject] = at.mono
    elif leaves_bed(event.type, event.payload) or _is_anothers(bed, event):
        bed.vitals.clear_spot_checks(now)
    else:
        bed.vitals.take_record(event, at, bed.state.pressures, now)
