"""The specification's tables, typed by hand: nothing here is read from what ships."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

MET, NEAR, CLEAR, UNSEEN = "met", "near", "clear", "unseen"

Seen = dict[str, float]
"""What can be judged now, by signal. `sys-rise` and the like are rises from baseline."""

Judge = Callable[[Seen], str]


def limit(signal: str, is_met: Callable[[float], bool], at: float, margin: float = 0) -> Judge:
    """Met; or clear, at least `margin` away from the limit; or near it; or unseen."""

    def judge(seen: Seen) -> str:
        if signal not in seen:
            return UNSEEN
        if is_met(seen[signal]):
            return MET
        return CLEAR if abs(seen[signal] - at) >= margin else NEAR

    return judge


def at_least(signal: str, at: float, margin: float = 0) -> Judge:
    return limit(signal, lambda value: value >= at, at, margin)


def over(signal: str, at: float, margin: float = 0) -> Judge:
    return limit(signal, lambda value: value > at, at, margin)


def under(signal: str, at: float, margin: float = 0) -> Judge:
    return limit(signal, lambda value: value < at, at, margin)


def at_most(signal: str, at: float) -> Judge:
    return limit(signal, lambda value: value <= at, at)


def rise(signal: str, by: float) -> Judge:
    """Without a baseline nobody knows, unless the whole value is less than the rise."""

    def judge(seen: Seen) -> str:
        if signal not in seen:
            return UNSEEN
        if f"{signal}-rise" in seen:
            return MET if seen[f"{signal}-rise"] >= by else CLEAR
        return CLEAR if seen[signal] < by else UNSEEN

    return judge


def over_baseline(signal: str) -> Judge:
    """A baseline that nobody took is none."""

    def judge(seen: Seen) -> str:
        if signal not in seen:
            return UNSEEN
        return MET if seen.get(f"{signal}-rise", seen[signal]) >= 1 else CLEAR

    return judge


def single_of_its_own(seen: Seen) -> str:
    """A single 3 that no alarm of that sign tells, and that is not of consciousness."""
    word = at_least("news2-single", 3)(seen)
    return NEAR if word == MET and seen["told"] else word


def either(*judges: Judge) -> Judge:
    def judge(seen: Seen) -> str:
        said = [one(seen) for one in judges]
        return next((word for word in (MET, UNSEEN, NEAR) if word in said), CLEAR)

    return judge


def both(*judges: Judge) -> Judge:
    def judge(seen: Seen) -> str:
        said = [one(seen) for one in judges]
        return next((word for word in (CLEAR, UNSEEN, NEAR) if word in said), MET)

    return judge


def score_of(scale: str, *totals: int) -> Judge:
    return lambda seen: UNSEEN if scale not in seen else MET if seen[scale] in totals else CLEAR


@dataclass(frozen=True)
class Row:
    """A row of the table of rules. `looks_at` are the signals whose age counts.

    `at_once_under` is a systolic that needs no second one.

    `worse` says by how much a signal has to be worse than acknowledged to call again; one that
    is worse when it is lower has a minus.
    """

    judge: Judge
    priority: str
    looks_at: tuple[str, ...]
    for_s: float = 0
    confirmed: bool = False
    latching: bool = False
    advisory: bool = False
    clear_for_s: float = 0
    from_min: float = 0
    at_once_under: float = 0
    worse: dict[str, float] = field(default_factory=dict)


SEVERE = either(at_least("sys", 180), at_least("dia", 110))

RULES: dict[str, Row] = {
    "pressure.elevated": Row(
        either(over("sys", 140), over("dia", 90)), "low", ("sys", "dia"), confirmed=True
    ),
    "pressure.rise": Row(
        either(rise("sys", 40), rise("dia", 25)), "medium", ("sys", "dia"), confirmed=True
    ),
    "pressure.severe": Row(SEVERE, "high", ("sys", "dia"), latching=True),
    "pressure.crisis": Row(
        both(
            SEVERE,
            either(
                at_least("symptom.chest-pain", 1),
                at_least("symptom.breathlessness", 1),
                at_least("symptom.headache", 3),
                at_least("symptom.visual-change", 1),
                at_least("symptom.double-vision", 1),
                at_least("symptom.seizure", 1),
                at_least("symptom.loss-of-consciousness", 1),
                at_least("symptom.focal-deficit", 1),
                at_most("consciousness", 3),
            ),
        ),
        "high",
        ("sys", "dia"),
        latching=True,
    ),
    "pressure.low": Row(at_most("sys", 90), "medium", ("sys",), confirmed=True, at_once_under=80),
    "spo2.low": Row(under("spo2", 93, 1), "medium", ("spo2",), for_s=30, clear_for_s=10),
    "spo2.very-low": Row(
        under("spo2", 88, 1), "high", ("spo2",), for_s=10, latching=True, clear_for_s=5
    ),
    "spo2.falling": Row(at_least("spo2-fall", 4, 1), "medium", ("spo2",), for_s=5, clear_for_s=10),
    "pulse.high": Row(over("pulse", 120, 3), "medium", ("pulse",), for_s=30, clear_for_s=10),
    "pulse.low": Row(under("pulse", 50, 2), "medium", ("pulse",), for_s=30, clear_for_s=10),
    "pulse.extreme": Row(
        either(over("pulse", 140, 3), under("pulse", 40, 3)),
        "high",
        ("pulse",),
        for_s=10,
        latching=True,
        clear_for_s=10,
    ),
    "dissociation.present": Row(over("cadss", 4), "low", (), advisory=True),
    "dissociation.marked": Row(either(at_least("cadss", 30), rise("cadss", 25)), "medium", ()),
    "dissociation.prolonged": Row(
        both(over("cadss", 4), over_baseline("cadss")), "medium", (), from_min=120
    ),
    "sedation.present": Row(score_of("consciousness", 3, 4), "low", (), advisory=True),
    "sedation.deep": Row(score_of("consciousness", 2), "medium", ()),
    "sedation.unresponsive": Row(score_of("consciousness", 0, 1), "high", (), latching=True),
    "event.serious": Row(
        either(
            at_least("symptom.seizure", 1),
            at_least("symptom.loss-of-consciousness", 1),
            at_least("symptom.focal-deficit", 1),
        ),
        "high",
        (),
        latching=True,
    ),
    "resp.low": Row(at_most("resp", 11), "low", ()),
    "resp.very-low": Row(at_most("resp", 8), "high", (), latching=True),
    "resp.high": Row(at_least("resp", 25), "medium", ()),
    "news2.high": Row(at_least("news2", 7), "high", ()),
    "news2.raised": Row(either(at_least("news2", 5), single_of_its_own), "medium", ()),
}

_WORSE: dict[str, dict[str, float]] = {
    "pressure.elevated": {"sys": 10, "dia": 5},
    "pressure.rise": {"sys": 10, "dia": 5},
    "pressure.severe": {"sys": 10, "dia": 5},
    "pressure.crisis": {"sys": 10, "dia": 5},
    "pressure.low": {"sys": -10},
    "spo2.": {"spo2": -3},
    "pulse.high": {"pulse": 15},
    "pulse.low": {"pulse": -15},
    "pulse.extreme": {"pulse": 15},
    "dissociation.": {"cadss": 15},
    "sedation.": {"consciousness": -1},
    "resp.high": {"resp": 3},
    "resp.low": {"resp": -3},
    "resp.very-low": {"resp": -3},
    "news2.": {"news2": 2},
}
RULES = {
    rule: replace(row, worse=worse)
    for rule, row in RULES.items()
    for worse in (next((w for start, w in _WORSE.items() if rule.startswith(start)), {}),)
}

TAKES: dict[str, tuple[str, ...]] = {
    "spo2.very-low": ("spo2.low",),
    "pressure.severe": ("pressure.elevated", "pressure.rise"),
    "pressure.crisis": ("pressure.elevated", "pressure.rise"),
    "pulse.extreme": ("pulse.high", "pulse.low"),
    "sedation.unresponsive": ("sedation.deep",),
    "news2.high": ("news2.raised",),
    "resp.very-low": ("resp.low",),
}
"""Whose acknowledgement covers which others'."""

CONFIRM_WITHIN_S = 180
"""A first pressure is believed when no second one has come by then."""


@dataclass(frozen=True)
class Technical:
    """A row about a device, the bed or a check; it is of medium priority after `worse_after_s`."""

    trouble: str
    at: tuple[str | None, ...]
    for_s: float = 0
    clear_for_s: float = 0
    priority: str = "low"
    worse_after_s: float | None = 30
    always: bool = False


OXIMETER, CUFF = "oximeter", "cuff"
CHECKS = ("pressure", "moaas", "cadss", "resp")

TECHNICAL: dict[str, Technical] = {
    "check.overdue": Technical("check-overdue", CHECKS, worse_after_s=600),
    "infusion.overrun": Technical("infusion-overrun", (None,), worse_after_s=600),
    "infusion.paused": Technical("infusion-paused", (None,), worse_after_s=600),
    "watch.nobody": Technical("nobody-watching", (None,), 60, worse_after_s=120),
    "tech.alarm-path-test": Technical("alarm-path-test", (None,), 0, 0, "high"),
    "tech.nibp-inhibited": Technical("nibp-inhibited", (None,), 900, worse_after_s=None),
    "tech.sensor-off": Technical("sensor-off", (OXIMETER,), 5, 3),
    "tech.sensor-disconnected": Technical("sensor-disconnected", (OXIMETER,), 5, 3),
    "tech.no-pulse": Technical("no-pulse", (OXIMETER,), 10, 5),
    "tech.frozen": Technical("frozen", (OXIMETER,), 0, 5, "medium", worse_after_s=None),
    "tech.artefact": Technical("artefact", (OXIMETER,), 30, 10, worse_after_s=None),
    "tech.low-perfusion": Technical("low-perfusion", (OXIMETER,), 60, 30, worse_after_s=None),
    "tech.low-battery": Technical(
        "low-battery", (OXIMETER,), 10, 30, worse_after_s=None, always=True
    ),
    "tech.signal-missing": Technical("signal-missing", (OXIMETER,), 15, 3),
    "tech.cuff-failed": Technical("cuff-failed", (CUFF,)),
    "tech.device-silent": Technical("device-silent", (OXIMETER, CUFF), 0, 3, always=True),
    "tech.link-lost": Technical("link-lost", (OXIMETER, CUFF), 2, 3, always=True),
    "tech.journal-failing": Technical(
        "journal-failing", (None,), 2, 5, "medium", worse_after_s=None, always=True
    ),
    "tech.alarm-unseen": Technical("alarm-unseen", (None,), 0, 0, "medium", worse_after_s=None),
    "tech.broker-unreachable": Technical("broker-unreachable", (None,), 60, 5, always=True),
}

FLAGS = (
    "sensor-off",
    "sensor-disconnected",
    "no-pulse",
    "frozen",
    "artefact",
    "low-perfusion",
    "low-battery",
)
EXPLAIN_SILENCE = {"sensor-off", "sensor-disconnected", "no-pulse", "frozen"}

SILENT_S = {OXIMETER: 3, CUFF: 8}
STREAM_S = 5
NEW_PRESSURE_S = 2400
"""What was just recorded is judged once, though it is older than the rhythm allows."""
LEAST_AGE_S, MOST_AGE_S = 600, 2700
"""A pressure is never too old before the one, and always after the other."""
CUFF_PULSE_S = 60
ANSWER_S = 200

AGAIN_S = 60
"""Raised again within this of its end it is the same alarm."""

TEST_S = 45
UNDONE_S = 60
CALL_S = {"high": 60, "medium": 180}
STILL_S = {"high": 600, "medium": 1800}
"""An acknowledged alarm that is still there so long after calls again."""
LEVELS = 3


@dataclass(frozen=True)
class Plan:
    """When checks are due, in minutes; `over_4` asks only if the last score was over 4."""

    planned_mg: float | None
    infusion_min: float | None = None
    after_dose: dict[str, tuple[float, ...]] = field(default_factory=dict)
    over_4: dict[str, tuple[float, ...]] = field(default_factory=dict)
    during: dict[str, float] = field(default_factory=dict)
    after_infusion: dict[str, tuple[float, ...]] = field(default_factory=dict)
    before_leaving: tuple[str, ...] = ("pressure", "moaas", "cadss")


_NASAL = {
    "pressure": (20.0, 40.0, 60.0, 90.0, 120.0),
    "moaas": (15.0, 30.0, 45.0, 60.0, 75.0, 90.0),
    "cadss": (40.0, 90.0),
    "resp": (40.0, 90.0),
}

PLANS = {
    "esketamine-28": Plan(28, after_dose=_NASAL, over_4={"cadss": (120.0,)}),
    "esketamine-56": Plan(56, after_dose=_NASAL, over_4={"cadss": (120.0,)}),
    "esketamine-84": Plan(84, after_dose=_NASAL, over_4={"cadss": (120.0,)}),
    "ketamine-iv": Plan(
        None,
        infusion_min=40,
        during={"pressure": 5.0, "moaas": 10.0, "resp": 10.0},
        after_infusion={
            "pressure": (15.0, 30.0, 45.0, 60.0, 90.0, 120.0),
            "moaas": (15.0, 30.0, 45.0, 60.0, 75.0, 90.0),
            "cadss": (0.0, 40.0, 80.0),
            "resp": (40.0, 80.0),
        },
        over_4={"cadss": (120.0,)},
    ),
}

TOLERANCE_S = 300
LATE_MOST_S = 900
"""A check is done at most so late."""
GOES_ON_S = 1800
"""How often all but the rate is looked at past the last check, and before the dose."""
LONGEST_GAP_S = {"pressure": 1800, "moaas": 1800, "cadss": 3000, "resp": 3000}
"""The longest time from one check of a nasal regimen to the next."""
COUNTED_AGAIN_S = 900
"""So soon after a rate under 12 or over 24 it is counted again."""
LEAVING_EARLY_S = 300
LEAVING_FRESH_S = 900
CADSS_SERVES_S = 4500
"""No dissociation so long after the last dose is enough for leaving."""
WINDOW_S = 7200
NEXT_DEVICE_S = 900
"""A dose was the last one when no other has come within three times five minutes."""

NEWS2: dict[str, Callable[[float], int]] = {
    "resp": lambda v: 3 if v <= 8 else 1 if v <= 11 else 0 if v <= 20 else 2 if v <= 24 else 3,
    "spo2": lambda v: 3 if v <= 91 else 2 if v <= 93 else 1 if v <= 95 else 0,
    "oxygen": lambda v: 2 if v else 0,
    "sys": lambda v: 3 if v <= 90 else 2 if v <= 100 else 1 if v <= 110 else 0 if v <= 219 else 3,
    "pulse": lambda v: (
        3
        if v <= 40
        else 1
        if v <= 50
        else 0
        if v <= 90
        else 1
        if v <= 110
        else 2
        if v <= 130
        else 3
    ),
    "alert": lambda v: 0 if v else 3,
    "temperature": lambda v: (
        3 if v <= 35.0 else 1 if v <= 36.0 else 0 if v <= 38.0 else 1 if v <= 39.0 else 2
    ),
}
FRESH_S = 3600
OBSERVED_S = 3600
"""What a person observed says something of now for so long."""
RENEWED_S = 60
"""A score is made anew no sooner than this for what a device gives again."""
STANDS_S = 300
"""A better record of consciousness does not take back one that is worse for so long."""
AS_MOAAS = {"alert": 5, "voice": 3, "pain": 1, "unresponsive": 0}
OWN_SIGNS: dict[str, tuple[str, ...]] = {
    "spo2": ("spo2.low", "spo2.very-low", "spo2.falling"),
    "pulse": ("pulse.high", "pulse.low", "pulse.extreme"),
    "sys": ("pressure.rise", "pressure.severe", "pressure.crisis", "pressure.low"),
    "resp": ("resp.very-low", "resp.high"),
}
"""The medium and high rules that look at a sign of NEWS2."""

CRITERIA = (
    "window-over",
    "discharge-checks",
    "pressure-not-severe",
    "pressure-near-baseline",
    "spo2",
    "cadss",
    "moaas",
    "no-respiratory-depression",
    "no-serious-event",
    "no-alarm",
    "no-check-overdue",
    "escort",
)

SYMPTOMS = tuple(
    f"symptom.{name}"
    for name in (
        *("chest-pain", "breathlessness", "headache", "visual-change", "double-vision"),
        *("seizure", "loss-of-consciousness", "focal-deficit"),
    )
)
"""Those that a rule names; nobody has them until somebody says so."""
