"""What a rule is: plain data that a nurse can read and a test can check.

No evaluation here (see `alerts.evaluation`) and no files (see `alerts.rules.loader`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Final

from drivers.readings import Vital

SCORES: Final = {"cadss": (0, 92), "moaas": (0, 5)}
"""The scales a rule may look at, with the range of their totals."""

BASELINES: Final = (Vital.SYS.value, Vital.DIA.value, *SCORES)
"""What is found before the dose, to hold a rise against."""

DEVICE_ONLY: Final = frozenset({Vital.SPO2, Vital.PULSE, Vital.MAP, Vital.PERFUSION})
"""What only devices give: people can enter the rest, or it is worked out."""

SYMPTOMS: Final[Mapping[str, str]] = {
    "anxiety": "anxiety or panic",
    "nausea": "nausea",
    "headache": "headache",
    "chest-pain": "pain or tightness in the chest",
    "breathlessness": "short of breath",
    "visual-change": "blurred, double or lost vision",
    "dizziness": "dizzy or faint",
    "vomiting": "vomiting",
    "seizure": "seizure",
    "loss-of-consciousness": "loss of consciousness",
    "numbness": "numbness or tingling (hypoaesthesia)",
    "vertigo": "spinning (vertigo)",
}
"""What a patient may suffer, in words a nurse asks with [label: its warning signs and its
common reactions]. Sedation and dissociation have scales of their own."""

GRADES: Final = ("none", "mild", "moderate", "severe")
"""How bad a symptom is: its value is the place in this list."""

SYMPTOM_SIGNALS: Final[Mapping[str, str]] = {f"symptom.{name}": name for name in SYMPTOMS}
"""Symptoms as a rule names them, and what each is called."""

RANGES: Final[Mapping[str, tuple[float, float]]] = {
    Vital.SPO2.value: (0, 100),
    Vital.PULSE.value: (18, 321),
    Vital.SYS.value: (30, 300),
    Vital.DIA.value: (10, 200),
    Vital.MAP.value: (20, 250),
    Vital.PERFUSION.value: (0, 20),
    Vital.RESP.value: (0, 80),
    "temperature": (25, 45),
    "news2": (0, 20),
    "news2-single": (0, 3),
    **SCORES,
    **dict.fromkeys(SYMPTOM_SIGNALS, (0, len(GRADES) - 1)),
}
"""What each signal can be: what the widest of devices prints, the ends of a scale, and for
what people measure what is no slip of the pen [default]. `temperature` is in °C; `news2` is
the total and `news2-single` the highest single parameter's points."""

SIGNALS: Final = frozenset(RANGES)
"""Everything a rule may name as its signal."""

SITE_CONDITIONS: Final = frozenset({"journal-failing", "broker-unreachable", "bed-failing"})
"""Troubles of the daemon itself, which belong to no device."""

BED_CONDITIONS: Final = frozenset({"signal-missing", "nobody-watching", "nibp-inhibited"})
"""Troubles of a bed as a whole."""

CHECK_CONDITIONS: Final = frozenset({"check-overdue"})
"""Troubles of one kind of check, whose name stands where a device's would."""

DEVICE_CONDITIONS: Final = frozenset(
    """sensor-off sensor-disconnected no-pulse artefact low-perfusion low-battery signal-missing
    cuff-failed device-fault device-silent link-lost""".split()
)
"""Troubles of one device."""

DATA_LOSS: Final = frozenset(
    """sensor-off sensor-disconnected no-pulse signal-missing cuff-failed device-fault device-silent
    link-lost""".split()
)
"""Those that take signals away."""

TECHNICAL_CONDITIONS: Final = (
    SITE_CONDITIONS | BED_CONDITIONS | CHECK_CONDITIONS | DEVICE_CONDITIONS
)
"""Everything a rule may name as `technical`."""


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
    """The signal's value against a fixed limit."""

    signal: str
    comparison: Comparison
    limit: float


@dataclass(frozen=True, slots=True)
class Rise:
    """The signal at least `at_least` above its value at baseline."""

    signal: str
    at_least: float


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
    """The signals that `condition` looks at, each once, in the order it names them."""
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

    @property
    def technical_condition(self) -> str | None:
        """The technical condition this rule is about, None for the others."""
        return self.condition.name if isinstance(self.condition, TechnicalCondition) else None


@dataclass(frozen=True, slots=True)
class Escalation:
    """Whom an alarm calls that nobody takes: the levels, first to last, and how long each has.

    The times and the order of levels are clinical defaults [clinical.md].
    """

    levels: tuple[str, ...] = ("nurse", "charge-nurse", "clinician")
    high_after_s: float = 60.0
    medium_after_s: float = 180.0

    def after_s(self, kind: Kind, priority: Priority) -> float | None:
        """How long a level has to take such an alarm; None when it goes no further."""
        if kind is Kind.ADVISORY or priority is Priority.LOW:
            return None
        return self.high_after_s if priority is Priority.HIGH else self.medium_after_s


@dataclass(frozen=True, slots=True)
class RuleSet:
    """A named, versioned set of rules; `hash` is of the file's text, in hexadecimal.

    `texts` are the files that make it up: its own first, then what each extends.
    """

    name: str
    version: str
    hash: str
    rules: tuple[Rule, ...]
    escalation: Escalation = Escalation()
    texts: tuple[str, ...] = ()

    @property
    def summary(self) -> str:
        """The set in a few words."""
        return f"{self.name} {self.version}, {len(self.rules)} rules"
