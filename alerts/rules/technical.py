"""The technical alarm conditions that a rule may name, by whom they are about. Data alone."""

from typing import Final

SITE_CONDITIONS: Final = frozenset({"journal-failing", "broker-unreachable", "bed-failing"})
"""Technical conditions of the daemon itself, which belong to no device."""

BED_CONDITIONS: Final = frozenset({"signal-missing", "nobody-watching", "nibp-inhibited"})
"""Technical conditions of a bed as a whole."""

CHECK_CONDITIONS: Final = frozenset({"check-overdue"})
"""Technical conditions of one kind of check, whose name stands where a device's would."""

DEVICE_CONDITIONS: Final = frozenset(
    """sensor-off sensor-disconnected no-pulse artefact low-perfusion low-battery signal-missing
    cuff-failed device-fault device-silent link-lost""".split()
)
"""Technical conditions of one device."""

DATA_LOSS: Final = frozenset(
    """sensor-off sensor-disconnected no-pulse signal-missing cuff-failed device-fault device-silent
    link-lost""".split()
)
"""Those that take signals away."""

TECHNICAL_CONDITIONS: Final = (
    SITE_CONDITIONS | BED_CONDITIONS | CHECK_CONDITIONS | DEVICE_CONDITIONS
)
"""Everything a rule may name as `technical`."""
