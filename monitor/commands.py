"""What a person can ask of a bed, and how a bed refuses."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from monitor.regimen import Regimen


class Refusal(StrEnum):
    """Why a command was not carried out.

    It makes no sense, it does not fit what is so now, it names what is not there, or the bed
    cannot take it at the moment.
    """

    INVALID = "invalid"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    UNAVAILABLE = "unavailable"


class Refused(Exception):
    """A command was not carried out and nothing was stored.

    The message says why and how to mend it; `field` names the part at fault, if one is.
    """

    def __init__(self, kind: Refusal, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.kind = kind
        self.field = field


@dataclass(frozen=True, slots=True)
class StartSession:
    """Begin a session at the bed; `id` is the new session's."""

    id: str
    patient: str
    age: int | None
    weight_kg: float | None
    regimen: Regimen
    medicines: tuple[str, ...]
    by: str


@dataclass(frozen=True, slots=True)
class GiveDose:
    """An administration; `at` is when, None for now."""

    product: str
    mg: float
    lot: str | None
    by: str
    at: datetime | None = None


class InfusionAction(StrEnum):
    """What can be done to an infusion."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


@dataclass(frozen=True, slots=True)
class ControlInfusion:
    """Start, pause, resume or end the infusion."""

    action: InfusionAction
    by: str


@dataclass(frozen=True, slots=True)
class RecordScore:
    """An assessment, by its total or by its items (item number to points)."""

    scale: str
    total: int | None
    items: Mapping[int, int] | None
    by: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AddNote:
    """Free text about the session."""

    text: str
    by: str


@dataclass(frozen=True, slots=True)
class ConfirmEscort:
    """Somebody will take the patient home."""

    by: str


@dataclass(frozen=True, slots=True)
class Close:
    """The patient leaves. Before every criterion is met that takes a clinician and a reason."""

    by: str
    escort: bool
    clinician: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Abort:
    """The session ends without a discharge."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A person takes one alarm."""

    alarm: str
    by: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class MeasurePressure:
    """Start the cuff now."""

    by: str


SessionCommand = GiveDose | ControlInfusion | RecordScore | AddNote | ConfirmEscort | Close | Abort
Command = StartSession | SessionCommand | Acknowledge | MeasurePressure
