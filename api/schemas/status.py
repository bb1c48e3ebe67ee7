"""How the daemon itself is."""

from typing import Literal

from api.schemas.displays import AlarmDisplay
from api.schemas.fields import described
from api.schemas.model import Response


class BrokerStatus(Response):
    """The connection to the MQTT broker."""

    configured: bool = described("Whether the site has a broker.", True)
    connected: bool = described("Whether it is connected.", True)
    since: str | None = described(
        "Since when it has been connected, or not.", "2026-01-05T08:00:00.000Z"
    )
    waiting: int = described("Events that have still to be delivered.", 0)
    reason: str | None = described(
        "Why it is not connected, or what the broker refuses all the same.", "connection refused"
    )


class JournalStatus(Response):
    """The journal, in which everything is stored before it is answered."""

    failing_since: str | None = described(
        "Since when nothing could be stored; null while all is well.", "2026-01-05T09:40:00.000Z"
    )
    reason: str | None = described("Why nothing can be stored.", "disk full; make room")
    seq: int = described("The `seq` of the newest stored event.", 1041)


class DaemonStatus(Response):
    """How the daemon itself is."""

    site: str = described("Id of the site in the configuration.", "clinic-1")
    boot: str = described("Id of this run of the daemon.", "4f0c9f3c1f6b4c0a9b7e")
    now: str = described("The daemon's time.", "2026-01-05T09:40:00.000Z")
    simulated: bool = described("Whether its clock is simulated.", False)
    speed: float = described("How many times as fast as real time its clock runs.", 1)
    mqtt: BrokerStatus = described("The connection to the broker.")
    journal: JournalStatus = described("The journal.")
    displays: int = described("Open live streams.", 2)
    alarm_displays: list[AlarmDisplay] = described("The displays that are there.")


class Health(Response):
    """A probe's response when all is well."""

    status: Literal["ok", "ready"] = described("`ok` alive, `ready` at work.", "ok")
