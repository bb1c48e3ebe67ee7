"""What each fault of a device has to lead to, from what its alarms are for and not from a run."""

from collections.abc import Mapping
from typing import Final

from tests.device_faults.matrix import Case, Seen

NOT_ON_A_FINGER: Final = frozenset(
    {"tech.sensor-off", "tech.sensor-disconnected", "tech.signal-missing"}
)
"""A device that says dashes for everything has its signal missing."""

NO_PULSE: Final = frozenset({"tech.no-pulse", "tech.signal-missing"})
CUFF: Final = frozenset({"tech.cuff-failed"})
CUFF_S: Final = 150
"""A measurement begins within a minute, fails in half a one, and is tried once more."""

EXPECTED: Final[Mapping[str, tuple[frozenset[str], float]]] = {
    "finger-off": (NOT_ON_A_FINGER, 35),
    "cable-out": (NOT_ON_A_FINGER, 35),
    "sensor-defective": (NOT_ON_A_FINGER | {"tech.device-fault"}, 35),
    "ambient-light": (frozenset({"tech.artefact", "tech.signal-missing"}), 60),
    "artefact": (frozenset({"tech.artefact", "tech.signal-missing"}), 60),
    "no-pulse": (NO_PULSE, 60),
    "low-perfusion": (frozenset({"tech.low-perfusion"}), 75),
    "frozen": (frozenset({"tech.frozen"}), 45),
    "low-battery": (frozenset({"tech.low-battery"}), 30),
    "cuff-leak": (CUFF, CUFF_S),
    "cuff-asleep": (CUFF | {"tech.device-silent"}, CUFF_S),
    "cuff-loose": (CUFF, CUFF_S),
    "cuff-blocked": (CUFF, CUFF_S),
    "cuff-artefact": (CUFF, CUFF_S),
    "cuff-weak": (CUFF, CUFF_S),
    "cuff-wrong": (CUFF, CUFF_S),
    "device-fault": (CUFF | {"tech.device-fault"}, CUFF_S),
    "silent": (frozenset({"tech.device-silent"}), 35),
    "wrong-baud": (frozenset({"tech.device-silent"}), 35),
    "unplugged": (frozenset({"tech.link-lost"}), 10),
}
"""One of these alarms within so many seconds."""

HARMLESS: Final[Mapping[str, str]] = {
    "fast-averaging": "the values are as good",
    "event-mark": "a person pressed a key",
    "asystole": "the monitor's own alarm text, shown as its words",
    "pressure-undated": "the pressure counts from when it came",
    "stuck-value": "where numbers alone stand still nobody can tell it from a calm patient",
    "duplicate": "each is taken as it comes",
    "split": "what is in pieces is put together",
    "slow": "late by less than a value is live",
    "garble": "enough whole frames are left, or the device counts as silent",
    "drop": "enough whole frames are left, or the device counts as silent",
    "half-frame": "enough whole frames are left, or the device counts as silent",
    "noise": "enough whole frames are left, or the device counts as silent",
    "stall": "what comes at once is taken, or the device counts as silent",
}
"""No alarm has to come, and why."""

MAY_COME: Final = frozenset({"tech.device-silent", "tech.signal-missing", "tech.cuff-failed"})
"""May come of what is harmless where too little is left."""

WELL_S: Final = 180


def wrong(case: Case, seen: Seen) -> str | None:
    """What of it should not be; None when all is as expected."""
    if seen.beside:
        return f"the other bed has {', '.join(seen.beside)}"
    if seen.well_s is None or seen.well_s > WELL_S:
        return f"not well again within {WELL_S} s"
    if case.fault in HARMLESS:
        others = seen.told.keys() - MAY_COME
        return f"tells {', '.join(sorted(others))}" if others else None
    rules, within_s = EXPECTED[case.fault]
    soon = [rule for rule, after_s in seen.told.items() if rule in rules and after_s <= within_s]
    return None if soon else f"none of {', '.join(sorted(rules))} within {within_s:g} s"
