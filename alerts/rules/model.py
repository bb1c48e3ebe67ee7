"""What a rule is: plain data that a nurse can read and a test can check.

No evaluation here (see `alerts.evaluation`), no files (see `alerts.rules.loader`), and no
names: what a rule may name is in `alerts.rules.vocabulary`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Priority(IntEnum):
    """How urgent an alarm is, after IEC 60601-1-8; a larger one is more urgent."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def label(self) -> str:
        """The priority's name on every interface."""
        return self.name.lower()

    @classmethod
    def of(cls, label: str) -> "Priority":
        """The priority of that name. Raises `KeyError` for another word."""
        return cls[label.upper()]


class Kind(StrEnum):
    """What an alarm is about. An advisory is shown and recorded and makes no sound."""

    PHYSIOLOGICAL = "physiological"
    TECHNICAL = "technical"
    ADVISORY = "advisory"


class Comparison(StrEnum):
    """How a value is held against a limit."""

    ABOVE = "above"
    BELOW = "below"
    AT_LEAST = "at_least"
    AT_MOST = "at_most"


@dataclass(frozen=True, slots=True)
class Limit:
    """The signal's value against a fixed limit.

    With `unless_told` it is not met, and does not end, while the signal's `Value` is told by
    another alarm.
    """

    signal: str
    comparison: Comparison
    limit: float
    unless_told: bool = False


@dataclass(frozen=True, slots=True)
class Rise:
    """The signal at least `at_least` above its value at baseline.

    `baseline_if_unknown` stands for a baseline that nobody took; with None nobody knows then.
    """

    signal: str
    at_least: float
    baseline_if_unknown: float | None = None


@dataclass(frozen=True, slots=True)
class Fall:
    """The signal at least `of` below its highest within the last `within_s` seconds."""

    signal: str
    of: float
    within_s: float


@dataclass(frozen=True, slots=True)
class TechnicalCondition:
    """A technical condition of one device, or of the site."""

    name: str


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one of the parts is met."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AllOf:
    """Every part is met."""

    parts: tuple["Condition", ...]


Leaf = Limit | Rise | Fall | TechnicalCondition
"""A condition that has no parts."""

Condition = Leaf | AnyOf | AllOf


def leaves(condition: Condition) -> Iterator[Leaf]:
    """The simple conditions in `condition`, from left to right."""
    if isinstance(condition, AnyOf | AllOf):
        for part in condition.parts:
            yield from leaves(part)
    else:
        yield condition


def signals_in(condition: Condition) -> tuple[str, ...]:
    """The signals that `condition` names, each once, in that order."""
    names = (leaf.signal for leaf in leaves(condition) if not isinstance(leaf, TechnicalCondition))
    return tuple(dict.fromkeys(names))


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    The condition raises an alarm once it has held for `for_s`. With `confirm_after_s`,
    a second measurement is asked for that long after the first that met it, and the alarm
    is raised when that one meets it too, when it fails, or when it has not come
    `confirm_within_s` after the first.

    The alarm's condition ends on values beyond `clear_margin` from the limit that have
    held for `clear_for_s`. A technical alarm's priority becomes `worsens_to` when it has
    lasted `worsens_after_s` in a session.

    `worse_by` says for its signals how much worse one has to be than an acknowledgement
    covers for the alarm to call again; the alarm keeps its worst values of those signals.
    `takes` are rules whose alarms are less grave ones of the same signals: who acknowledges
    this one has acknowledged them too. `guidance_before_dose` and `guidance_while_dosing` stand
    in the place of `guidance` before the first dose, and while the drug is being given.

    With `after_last_dose_min` the rule applies from so long after the last dose on. A first
    value needs no confirmation where it meets `at_once`, or `at_once_by_hand` where a person
    typed it; where no second one confirmed it, the text says so if `tells_unconfirmed`.

    `differ_by` is how far apart, in the signal's unit, two devices differ.
    """

    id: str
    kind: Kind
    condition: Condition
    priority: Priority
    text: str
    guidance: str
    source: str
    for_s: float
    confirm_after_s: float | None
    confirm_within_s: float
    clear_margin: float
    clear_for_s: float
    latching: bool
    in_session: bool
    after_min: float | None
    worsens_to: Priority | None
    worsens_after_s: float
    worse_by: Mapping[str, float] = field(default_factory=dict)
    takes: tuple[str, ...] = ()
    guidance_before_dose: str | None = None
    guidance_while_dosing: str | None = None
    after_last_dose_min: float | None = None
    at_once: Condition | None = None
    at_once_by_hand: bool = False
    tells_unconfirmed: bool = False
    differ_by: float | None = None

    @property
    def technical_condition(self) -> str | None:
        """The technical condition this rule is about, None for the others."""
        return self.condition.name if isinstance(self.condition, TechnicalCondition) else None


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom an alarm calls that nobody takes: the levels, first to last, and how long each has.

    An alarm that was acknowledged and is still there after `high_again_after_s` or
    `medium_again_after_s` calls again; None is never. One that is raised again within a
    minute of its end keeps its acknowledgement if `keep_acknowledgement_on_reraise`, unless
    it is worse. With `separate_reset` the end of an alarm that latches is acknowledged by
    itself, and that cannot be undone. The times and the order of levels are clinical defaults
    [clinical.md].
    """

    levels: tuple[str, ...] = ("nurse", "charge-nurse", "clinician")
    high_after_s: float = 60.0
    medium_after_s: float = 180.0
    high_again_after_s: float | None = None
    medium_again_after_s: float | None = None
    keep_acknowledgement_on_reraise: bool = False
    separate_reset: bool = False

    def after_s(self, kind: Kind, priority: Priority) -> float | None:
        """How long a level has to take such an alarm; None when it goes no further."""
        if kind is Kind.ADVISORY or priority is Priority.LOW:
            return None
        return self.high_after_s if priority is Priority.HIGH else self.medium_after_s

    def again_after_s(self, kind: Kind, priority: Priority) -> float | None:
        """How long such an alarm stays acknowledged; None when for as long as it lasts."""
        if kind is Kind.ADVISORY or priority is Priority.LOW:
            return None
        return self.high_again_after_s if priority is Priority.HIGH else self.medium_again_after_s


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A named, versioned set of rules; `hash` is of the file's text, in hexadecimal.

    `texts` are the files that make it up: its own first, then what each extends. The text of an
    alarm that lasts is made anew of the present values once it is `renew_text_after_s` old;
    None is never.
    """

    name: str
    version: str
    hash: str
    rules: tuple[Rule, ...]
    escalation: Escalation = Escalation()
    texts: tuple[str, ...] = ()
    renew_text_after_s: float | None = None

    @property
    def spo2_differs_by(self) -> float | None:
        """How far apart, in %, SpO2 of two devices is a technical condition; None is never."""
        return next((rule.differ_by for rule in self.rules if rule.differ_by is not None), None)

    @property
    def summary(self) -> str:
        """The set in a few words."""
        return f"{self.name} {self.version}, {len(self.rules)} rules"
