"""What was before a restart, as far as a bed's recording in the journal tells."""

from collections.abc import Sequence

import structlog

from drivers.registry import DeviceSpec
from monitor.bed import SeenBefore, seen_before
from monitor.journal import JournalReader
from monitor.session import OPENINGS, Event, dose_time, last_end

_log = structlog.get_logger(__name__)


async def recorded_past(
    journal: JournalReader,
    bed: str,
    events: Sequence[Event],
    specs: Sequence[DeviceSpec],
    min_silence_s: float,
    *,
    differ_by: float | None,
    boot: str | None,
    before_move: Sequence[Event] = (),
) -> SeenBefore | None:
    """What was seen in the open session of the bed whose stored `events` these are.

    `differ_by` is how far apart its oximeters may be, in %, `boot` names the machine's present
    start, and `before_move` are the session's events before it was moved to this bed. None without
    an open session, and where the recording cannot be read, which keeps no bed away.
    """
    session, _ = _open_session(events)
    if session is None:
        return None
    try:
        recordings = await journal.latest_recordings(session)
        given = [[(e.at, e.text) for e in entries] for entries in recordings.values()]
        devices = {spec.id: spec for spec in (*await _devices(journal, before_move), *specs)}
        start = await journal.last_start(bed)
        same_boot = (
            start is not None
            and start.opening in [*recordings][-1:]
            and start.data.get("boot") == boot is not None
        )
        return await journal.run_in_reader(
            lambda: seen_before(
                devices.values(), given, min_silence_s, differ_by=differ_by, same_boot=same_boot
            )
        )
    except Exception:
        _log.exception("bed.past-not-read", bed=bed)
        return None


async def _devices(journal: JournalReader, before_move: Sequence[Event]) -> list[DeviceSpec]:
    """What was connected to the beds where the session was before."""
    beds = {event.bed: event.n for event in before_move}
    starts = [await journal.start_of(bed, n) for bed, n in beds.items()]
    return [DeviceSpec(**spec) for start in starts if start for spec in start.data["devices"]]


async def machine_began_anew(
    journal: JournalReader,
    bed: str,
    events: Sequence[Event],
    boot: str | None,
    before_move: Sequence[Event] = (),
) -> bool:
    """Whether the machine was started since the open session's last dose, or may have been.

    `boot` names its present start: a clock that counts from none knows of no other. `before_move`
    are the session's events before it was moved to this bed.
    """
    session, since = _open_session(events)
    own = [event for event in since if event.session == session]
    told = dose_time.last_told([*before_move, *own])
    if session is None or told is None or boot is None:
        return False
    try:
        start = await journal.start_of(told.bed, told.n)
    except Exception:
        _log.exception("bed.past-not-read", bed=bed)
        return True
    return start is None or start.data.get("boot") != boot


def _open_session(events: Sequence[Event]) -> tuple[str | None, list[Event]]:
    """The id of the session that the last of `events` belong to, while it is open, and those."""
    began = next((e for e in reversed(events) if e.type in OPENINGS), None)
    if began is None:
        return None, []
    since = [event for event in events if event.n > began.n]
    return (began.session if last_end(reversed(since)) is None else None), since
