"""What a person can ask of a bed, and how a bed refuses."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from monitor.session.record_fields import (
    DoseFields,
    DosingStopFields,
    ObservationFields,
    PreparationFields,
    PressureFields,
    ScoreFields,
    SymptomFields,
)
from monitor.session.regimen import Regimen


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
class Override:
    """A clinician's word that something goes on all the same, and why."""

    clinician: str
    reason: str


@dataclass(frozen=True, slots=True)
class StartSession:
    """Begin a session at the bed; `id` is the new session's.

    `medicines` and `escort_planned` are None while nobody has asked; `number` is which
    session of the patient's course this is, None when that is not known. `also_at` is the other
    bed at which the patient has an open session, and is meant to.
    """

    id: str
    patient: str
    age: int | None
    weight_kg: float | None
    regimen: Regimen
    medicines: tuple[str, ...] | None
    by: str
    escort_planned: bool | None = None
    number: int | None = None
    also_at: str | None = None


@dataclass(frozen=True, slots=True)
class CorrectSession:
    """Put right what a session was started with; None is right as it is.

    `infusion_mg` is how much an infusion that has started holds, where the plan changes with it.
    """

    by: str
    reason: str
    age: int | None = None
    weight_kg: float | None = None
    regimen: Regimen | None = None
    infusion_mg: float | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """That what is known of the patient was gone through now, and whether it `changed`."""

    changed: bool


@dataclass(frozen=True, slots=True)
class RecordPreparation(PreparationFields):
    """What was asked before the dose; None for what was not.

    `medicines` are names; `medicine_classes` says whether the patient takes any of each of
    `record_fields.MEDICINE_CLASSES` that was asked for.
    """

    medicines: tuple[str, ...] | None
    escort_planned: bool | None
    by: str
    confirmed: Confirmation | None = None
    medicine_classes: Mapping[str, bool] | None = None


@dataclass(frozen=True, slots=True)
class Deviation:
    """Why something was given although it should not have been."""

    reason: str


@dataclass(frozen=True, slots=True)
class GiveDose(DoseFields):
    """An administration; `at` is when, None for now.

    One that was `given` already is always taken; `deviation` says why, if it was against the
    pre-dose criteria or the regimen. `override` is of sessions of an edition before 3.
    """

    by: str
    at: datetime | None = None
    override: Override | None = None
    corrects: str | None = None
    given: bool = False
    deviation: Deviation | None = None


@dataclass(frozen=True, slots=True)
class StopDosing(DosingStopFields):
    """No further device is given; `at` is when that was decided, None for now."""

    by: str
    at: datetime | None = None
    corrects: str | None = None


class InfusionAction(StrEnum):
    """What can be done to an infusion."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    END = "end"


@dataclass(frozen=True, slots=True)
class ControlInfusion:
    """Start, pause, resume or end the infusion; `at` is when, None for now.

    `lot` is of what runs in. A start and a resume are administrations: `given`, `deviation`
    and `override` as with a dose.
    """

    action: InfusionAction
    by: str
    at: datetime | None = None
    override: Override | None = None
    reason: str | None = None
    given: bool = False
    deviation: Deviation | None = None
    lot: str | None = None


@dataclass(frozen=True, slots=True)
class RecordScore(ScoreFields):
    """An assessment, by its total or by its items; `at` is when, None for now."""

    by: str
    at: datetime | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class RecordSymptom(SymptomFields):
    """A symptom that was found; `at` is when, None for now."""

    by: str
    at: datetime | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class RecordObservation(ObservationFields):
    """What was observed beside the devices; `at` is when, None for now."""

    by: str
    at: datetime | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class RecordPressure(PressureFields):
    """A blood pressure that a person measured, in mmHg; `at` is when, None for now."""

    by: str
    at: datetime | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True)
class RetractRecord:
    """Withdraw a record that should not be there."""

    record: str
    by: str
    reason: str


class ClearanceScope(StrEnum):
    """What a clinician decides on.

    The last two are of sessions of an edition before 3: the latest pressure, before the dose
    and before leaving.
    """

    DOSE = "dose"
    LEAVING = "leaving"
    PREDOSE_PRESSURE = "pre-dose-pressure"
    PRESSURE_AT_DISCHARGE = "pressure-at-discharge"


@dataclass(frozen=True, slots=True)
class ReopenSession:
    """Take back the close, abort or leaving of the last minute."""

    by: str


@dataclass(frozen=True, slots=True)
class ProveAlarmPath:
    """A test alarm, to see that it reaches a person."""

    by: str


@dataclass(frozen=True, slots=True)
class ConfirmDoseTime:
    """The times of what was given are right, by another clock than the machine's."""

    by: str


@dataclass(frozen=True, slots=True)
class RecordClearance:
    """A clinician's decision that what waits for these criteria goes on, written down by `by`."""

    scope: ClearanceScope
    clinician: str
    reason: str
    by: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SetAlarmLimit:
    """A clinician sets a rule's limit for this patient; None for the set's own again.

    `comparison` is one of `alerts.evaluation.COMPARISONS` where the rule has several limits.
    """

    rule: str
    signal: str | None
    limit: float | None
    clinician: str
    reason: str
    by: str
    comparison: str | None = None


@dataclass(frozen=True, slots=True)
class ChooseNews2Scale:
    """A clinician chooses the scale that NEWS2 scores this patient's SpO2 on: 1 or 2."""

    scale: int
    clinician: str
    reason: str
    by: str


class AssignmentAction(StrEnum):
    """What a nurse does about watching a bed, or who is there as well."""

    TAKE_OVER = "take-over"
    HAND_OVER = "hand-over"
    LEAVE = "leave"
    JOIN = "join"


@dataclass(frozen=True, slots=True)
class AssignNurse:
    """A nurse takes over; or offers to hand over `to` another, who then takes over; or leaves.

    Anybody may join without taking over, and leave.
    """

    action: AssignmentAction
    by: str
    to: str | None = None


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
    suicidality: str | None = None


class AbortOutcome(StrEnum):
    """What became of the patient of an aborted session."""

    TRANSFERRED = "transferred"
    WITHDREW = "withdrew"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Abort:
    """The treatment ends without a discharge; asked for again, what the first one left open.

    All but `by` and `reason` is of sessions of edition 3 and later; what is None was not said.
    """

    by: str
    reason: str | None
    outcome: AbortOutcome | None = None
    destination: str | None = None
    against_criteria: Override | None = None


@dataclass(frozen=True, slots=True)
class RecordPatientLeft:
    """A person saw the patient of an aborted session leave the bed; `at` is when, None for now."""

    by: str
    at: datetime | None = None
    destination: str | None = None


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """A person takes one alarm.

    `station` is the screen at which it was taken, where that had shown it; `sounded` whether it
    sounded there.
    """

    alarm: str
    by: str
    note: str | None = None
    station: str | None = field(default=None, metadata={"added": True})
    sounded: bool = field(default=False, metadata={"added": True})


@dataclass(frozen=True, slots=True)
class Unacknowledge:
    """A person takes back the acknowledgement of one alarm."""

    alarm: str
    by: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class PauseAudio:
    """Quiet the bed's alarms for so many seconds."""

    by: str
    for_s: float


@dataclass(frozen=True, slots=True)
class MeasurePressure:
    """Start the cuff now."""

    by: str


@dataclass(frozen=True, slots=True)
class InhibitNibp:
    """The cuff must not be started: there is a line in that arm, or an injury."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class EnableNibp:
    """The cuff may be started again."""

    by: str


@dataclass(frozen=True, slots=True)
class MoveOut:
    """The session goes on at the bed `to`, which is given `MoveIn` at the same moment."""

    to: str
    by: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MoveIn:
    """The session goes on at this bed, from that bed's event `from_n` on.

    `onsets` are its open alarms, by id: how many seconds ago the condition of each began last;
    `spo2` is how SpO2 was there, oldest first, each value with how many seconds ago it came, None
    from when there was none. `inhibited` is why the patient's cuff must not be started.
    """

    session: str
    from_bed: str
    from_n: int
    by: str
    reason: str | None
    onsets: Mapping[str, float]
    spo2: tuple[tuple[float, float | None], ...]
    inhibited: str | None


SessionCommand = (
    CorrectSession
    | RecordPreparation
    | GiveDose
    | StopDosing
    | ControlInfusion
    | RecordScore
    | RecordSymptom
    | RecordObservation
    | RecordPressure
    | RetractRecord
    | RecordClearance
    | SetAlarmLimit
    | ChooseNews2Scale
    | AssignNurse
    | AddNote
    | ConfirmEscort
    | ConfirmDoseTime
    | ProveAlarmPath
    | Close
    | Abort
    | RecordPatientLeft
)
Command = (
    StartSession
    | SessionCommand
    | ReopenSession
    | MoveOut
    | MoveIn
    | Acknowledge
    | Unacknowledge
    | PauseAudio
    | MeasurePressure
    | InhibitNibp
    | EnableNibp
)
