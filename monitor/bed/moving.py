"""A session that is moved between two beds, as each of them does it. Pure.

Both beds are asked at one moment, the one that is left first; what it hands over is a `Departure`.
A handler raises `Refused`, and then nothing has changed.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from drivers.clock import Instant
from monitor.session import MOVED_IN, Arrival, MoveIn, MoveOut, Refusal, Refused, moving

if TYPE_CHECKING:
    from monitor.bed.bed import Bed


@dataclass(frozen=True, slots=True)
class Departure:
    """A session that has left a bed: as it was there, and what the next bed is asked."""

    arrival: Arrival
    command: MoveIn


def move_out(bed: "Bed", command: MoveOut, now: Instant) -> None:
    """Let the session go: what was raised for it ends here, and its cuff stops."""
    session = bed.state.open_session
    cuffs = [
        device.id
        for device in bed.nibp.devices.values()
        if device.is_busy and device.status.spec.kind.can_measure
    ]
    type_, payload = moving.moved_out(session, bed.id, command, cuffs)
    assert session is not None
    inhibited, spo2 = bed.state.inhibited, bed.readiness.spo2_before(now)
    alarms, onsets = bed.alarms.move_out(session.id, moving.ended_because(command.to), now)
    bed.vitals.clear_spot_checks(now)
    bed.readiness.end_session()
    event = bed.emit(type_, payload, now, session=session.id)
    bed.departed = Departure(
        Arrival(bed.id, event.n, session, alarms),
        MoveIn(
            session=session.id,
            from_bed=bed.id,
            from_n=event.n,
            by=command.by,
            reason=command.reason,
            onsets=onsets,
            spo2=spo2,
            inhibited=inhibited,
        ),
    )


def move_in(bed: "Bed", command: MoveIn, now: Instant) -> None:
    """Take up the session that `bed.state.arriving` is; no value of the bed before is shown."""
    moving.check_free(bed.id, bed.session)
    arriving = bed.state.arriving
    pointer = {"from": command.from_bed, "from_n": command.from_n}
    if arriving is None or (arriving.bed, arriving.n) != (command.from_bed, command.from_n):
        raise Refused(Refusal.UNKNOWN, f"no session comes to {bed.id} from {command.from_bed}")
    said = {"by": command.by, "reason": command.reason}
    bed.emit(MOVED_IN, pointer | said, now, session=command.session)
    bed.alarms.move_in(arriving, command.onsets, now)
    bed.state.update_charted(now)
    bed.vitals.clear(now)
    bed.readiness.take_over(command.spo2, now)
    _inhibit(bed, command, now)
    if (request := bed.nibp.request_on_arrival()) is not None:
        bed.emit(*request, now)


def _inhibit(bed: "Bed", command: MoveIn, now: Instant) -> None:
    """What keeps a cuff from the patient's arm keeps this bed's from it too."""
    device = next(iter(bed.nibp.devices.values()), None)
    if command.inhibited is None or device is None or not device.status.spec.kind.can_measure:
        return
    if device.state.inhibited is None:
        bed.emit(*device.inhibit(command.by, command.inhibited), now)
