"""What is answered: typed for the OpenAPI document and the clients made from it.

The data comes from `monitor.bed.view`; these models say what it is and check it on the way out.
"""

from typing import Any, Generic, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")


class Answer(BaseModel):
    """A part of an answer. An answer that would hold something undocumented is a fault."""

    model_config = ConfigDict(extra="forbid")


class Listed(Answer, Generic[T]):
    """A page of a list; `next` is what to give as `after` or `before` for the next one."""

    items: list[T]
    next: int | None = None


class Vital(Answer):
    """A vital now.

    `at` is when its last value was taken; `value` is null while the device gives none, with
    the `reason` and since when.
    """

    value: float | None
    unit: str
    at: str | None
    age_s: float | None
    quality: Literal["good", "poor", "rejected"]
    stale: bool
    reason: str | None
    missing_since: str | None
    device: str


class Device(Answer):
    """A device at a bed and the link to it."""

    id: str
    driver: str
    title: str
    url: str
    link: Literal["connecting", "up", "down"]
    silent: bool
    reason: str | None
    model: str | None
    can_measure: bool


class Cuff(Answer):
    """What the cuff is doing, and the pressure in it."""

    phase: Literal["idle", "measuring"]
    pressure_mmhg: int | None


class Criterion(Answer):
    """One condition for leaving."""

    name: str
    met: bool
    why: str


class DrawnLimit(Answer):
    """A rule's limit, as a line to draw beside a course."""

    vital: Literal["spo2", "sys"]
    value: float
    priority: Literal["high", "medium"]
    label: str


class Check(Answer):
    """One check of the schedule."""

    check: str
    due_at: str
    state: Literal["upcoming", "due", "overdue", "done"]
    done_at: str | None


class Condition(Criterion):
    """One condition for the first dose; what is not required is only asked for."""

    required: bool


class Record(Answer):
    """Something put on record: its `id` is what a correction names."""

    id: str
    by: str | None
    at: str


class Dose(Record):
    """One administration."""

    product: str
    mg: float
    lot: str | None
    override: dict[str, str] | None


class Pause(Answer):
    """A pause of the infusion; `to` is null while it lasts."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: str = Field(alias="from")
    to: str | None


class Infusion(Answer):
    """The infusion, where the regimen has one."""

    started_at: str
    ended_at: str | None
    running: bool
    pauses: list[Pause]
    planned_min: float | None


class Score(Record):
    """One assessment."""

    scale: str
    total: int
    items: dict[str, int] | None


class Symptom(Record):
    """A symptom: 0 none or over, 1 mild, 2 moderate, 3 severe."""

    name: str
    grade: int
    note: str | None
    serious: bool | None


class Observation(Record):
    """Breaths per minute, temperature in °C, oxygen given, ACVPU."""

    resp: float | None
    temperature: float | None
    oxygen: bool | None
    consciousness: str | None


class Pressure(Record):
    """One blood pressure, in mmHg; `device` is "by-hand" when a person typed it in."""

    sys: float
    dia: float
    map: float | None
    pulse: float | None
    device: str


class Decision(Record):
    """A clinician's decision on a pressure."""

    scope: str
    clinician: str
    reason: str
    sys: float
    dia: float


class PatientLimit(Record):
    """A rule's limit for this patient; `limit` null is the set's own again."""

    rule: str
    signal: str
    limit: float | None
    was: float
    clinician: str
    reason: str


class News2(Record):
    """NEWS2 as scored last; partial when `missing` names parameters.

    `held` are the points that these had when they were last known; the rules count them.
    """

    total: int
    single: int
    points: dict[str, int]
    missing: list[str]
    held: dict[str, int]


class Correction(Answer):
    """A record that was put right: what it was, and the id of what took its place."""

    was: dict[str, Any]
    now: str | None
    by: str
    at: str
    reason: str | None


class Session(Answer):
    """A session: what is recorded, what is due, and whether the patient may leave."""

    id: str
    bed: str
    patient: str
    age: int | None
    weight_kg: float | None
    regimen: str
    title: str
    number: int | None
    medicines: list[str] | None
    escort_planned: bool | None
    nurse: str | None
    handing_to: str | None
    state: Literal["baseline", "dosing", "observing", "ready", "closed", "aborted"]
    by: str
    rules: dict[str, str]
    started_at: str
    first_dose_at: str | None
    last_dose_at: str | None
    window_ends_at: str | None
    window_min: float
    planned_mg: float | None
    given_mg: float
    doses: list[Dose]
    infusion: Infusion | None
    scores: list[Score]
    symptoms: list[Symptom]
    observations: list[Observation]
    pressures: list[Pressure]
    clearances: list[Decision]
    patient_limits: list[PatientLimit]
    news2: News2 | None
    corrections: list[Correction]
    baseline: dict[str, float]
    escort: bool
    ready: bool
    criteria_met_at: str | None
    limits: list[DrawnLimit]
    gate: list[Condition]
    criteria: list[Criterion]
    schedule: list[Check]
    ended_at: str | None
    ended_by: str | None
    against_criteria: dict[str, str] | None
    reason: str | None


class Alarm(Answer):
    """An alarm. `state` is of its condition; `acknowledged` of the person who took it.

    `recipients` are the levels it has called so far, the last at `notified_at`;
    `rules_without_data` are those that see nothing because of it.
    """

    id: str
    bed: str
    session: str | None
    rule: str
    device: str | None
    kind: Literal["physiological", "technical", "advisory"]
    priority: Literal["high", "medium", "low"]
    latching: bool
    state: Literal["active", "latched", "ended"]
    acknowledged: bool
    acknowledged_by: str | None
    acknowledged_at: str | None
    note: str | None
    escalated: bool
    escalation_level: int
    recipients: list[str]
    notified_at: str
    unverified_since: str | None
    raised_at: str
    condition_ended_at: str | None
    ended_at: str | None
    count: int
    text: str
    values: dict[str, float]
    rules_without_data: list[str]
    guidance: str


class Audio(Answer):
    """Until when the bed's sound is paused and by whom; null and null when it is not."""

    paused_until: str | None
    by: str | None


class Rise(Answer):
    """The highest systolic pressure over the baseline, in mmHg, and when."""

    sys: float
    at_min: int | None


class Dissociation(Answer):
    """The highest CADSS, and when it was seen at 4 or less for good; null when it was not."""

    most: int
    over_min: int | None


class Burden(Answer):
    """How often a rule of medium or high priority was met."""

    rule: str
    priority: Literal["high", "medium"]
    count: int


class Visit(Answer):
    """A session of a patient in short; minutes are from its first dose.

    `number` counts those with a dose; `needed` says in words what was out of the ordinary.
    """

    session: str
    number: int | None
    on: str
    regimen: str
    title: str
    state: Literal["baseline", "dosing", "observing", "ready", "closed", "aborted"]
    started_at: str
    first_dose_at: str | None
    given_mg: float | None
    rise: Rise | None
    cadss: Dissociation | None
    moaas: int | None
    criteria_met_min: int | None
    ready_min: int | None
    ended_min: int | None
    alarms: list[Burden]
    needed: list[str]


class Bed(Answer):
    """Everything about a bed now. `failing` is said while its own software is restarting.

    `history` is of the patient's last sessions, while this one waits for its first dose.
    """

    id: str
    simulated: bool
    devices: list[Device]
    vitals: dict[str, Vital]
    cuff: Cuff | None
    session: Session | None
    alarms: list[Alarm]
    audio: Audio
    alarms_120min: int
    failing: str | None
    history: list[Visit] | None


class Event(Answer):
    """A journal event; what `payload` holds depends on `type`."""

    seq: int
    id: str
    bed: str
    session: str | None
    type: str
    at: str
    payload: dict[str, Any]


class Requested(Answer):
    """The cuff was asked to measure; the pressure comes on the stream."""

    bed: str
    requested: bool = True


class Point(Answer):
    """The values of a short time: lowest, highest, last, and how many."""

    at: str
    min: float
    max: float
    last: float
    count: int


class Course(Answer):
    """The course of one vital; where no point is, there was no value."""

    vital: str
    unit: str
    points: list[Point]


class Uplink(Answer):
    """The way to the MQTT broker; `waiting` events have still to be delivered."""

    configured: bool
    connected: bool
    since: str | None
    waiting: int
    reason: str | None


class Journal(Answer):
    """The journal: its newest event, and since when it has not been able to store."""

    failing_since: str | None
    reason: str | None
    seq: int


class Status(Answer):
    """How the daemon itself is."""

    site: str
    boot: str
    now: str
    simulated: bool
    speed: float
    mqtt: Uplink
    journal: Journal
    displays: int


class Wrong(Answer):
    """One field of a request that is wrong."""

    field: str
    message: str


class Problem(Answer):
    """What went wrong and how to mend it (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[Wrong] = []
