"""What a rule may name: the signals, and the technical conditions by whom they are about.

Data alone: what each signal can be and comes from, and which conditions take signals away.
"""

from collections.abc import Mapping
from typing import Final

from drivers.readings import Vital

SCORES: Final = {"cadss": (0, 92), "moaas": (0, 5)}
"""The scales a rule may name, with the range of their totals."""

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
    "double-vision": "double vision",
    "dizziness": "dizzy or faint",
    "vomiting": "vomiting",
    "seizure": "seizure",
    "loss-of-consciousness": "loss of consciousness",
    "focal-deficit": "weakness of one side, or loss of speech (focal neurological deficit)",
    "numbness": "numbness or tingling (hypoaesthesia)",
    "vertigo": "spinning (vertigo)",
}
"""What a patient may suffer, in words a nurse asks with [label: its warning signs and its
common reactions]. Sedation and dissociation have scales of their own."""

TOLD_BY_OTHERS: Final = ("news2-single",)
"""Signals that are made of others, which may have an alarm of their own."""

LOWER_IS_WORSE: Final = frozenset({Vital.SPO2.value, "moaas", "consciousness"})
"""Signals of which a lower value is a worse one, where a rule's limits do not tell."""

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
    "consciousness": SCORES["moaas"],
    **SCORES,
    **dict.fromkeys(SYMPTOM_SIGNALS, (0, len(GRADES) - 1)),
}
"""What each signal can be: what the widest of devices prints, the ends of a scale, and for
what people measure what is no slip of the pen [default]. `temperature` is in °C; `news2` is
the total and `news2-single` the highest single parameter's points; `consciousness` is MOAA/S,
or what was told another way in its terms."""

SIGNALS: Final = frozenset(RANGES)
"""Everything a rule may name as its signal."""

SITE_CONDITIONS: Final = frozenset(
    """journal-failing journal-growing events-lost broker-unreachable bed-failing bed-not-configured
    record-unreadable users-missing""".split()
)
"""Technical conditions of the daemon itself, which belong to no device."""

BED_CONDITIONS: Final = frozenset(
    """signal-missing nobody-watching nibp-inhibited infusion-overrun infusion-paused
    oximeters-differ alarm-unseen alarm-path-test""".split()
)
"""Technical conditions of a bed as a whole."""

CHECK_CONDITIONS: Final = frozenset({"check-overdue"})
"""Technical conditions of one kind of check, whose name stands where a device's would."""

OXIMETERS_DIFFER: Final = "oximeters-differ"
"""Two devices of a bed give SpO2 so far apart as the rule's `differ_by` says."""

DEVICE_CONDITIONS: Final = frozenset(
    """sensor-off sensor-disconnected no-pulse frozen artefact low-perfusion low-battery
    signal-missing cuff-failed device-fault device-silent link-lost""".split()
)
"""Technical conditions of one device."""

DATA_LOSS: Final = frozenset(
    """sensor-off sensor-disconnected no-pulse frozen signal-missing cuff-failed device-fault
    device-silent link-lost""".split()
)
"""Those that take signals away."""

TECHNICAL_CONDITIONS: Final = (
    SITE_CONDITIONS | BED_CONDITIONS | CHECK_CONDITIONS | DEVICE_CONDITIONS
)
"""Everything a rule may name as `technical`."""
