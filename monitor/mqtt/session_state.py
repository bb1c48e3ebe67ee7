"""What is retained of a session: how it stands, of bounded length. Its record is left to HTTP.

A retained message goes to each new subscriber whole, and a broker may limit how long it is.
"""

from collections.abc import Mapping
from typing import Any, Final

RECORDS: Final = frozenset(
    {
        "against_criteria",
        "attendance",
        "clearances",
        "corrections",
        "doses",
        "dosing_stopped",
        "dosing_stops",
        "medicines",
        "moves",
        "news2_scales",
        "observations",
        "patient_limits",
        "preparation",
        "pressures",
        "reason",
        "scores",
        "session_corrections",
        "symptoms",
    }
)
"""What grows with the record, or is free text."""

CHECKS_KEPT: Final = 60
"""How many checks of the schedule are there, the last ones: no regimen plans so many ahead."""

WHY_LONGEST: Final = 200
"""How many characters say why a criterion is met or not."""


def retained(session: Mapping[str, Any]) -> dict[str, Any]:
    """`session` as the HTTP interface shows it, without its record."""
    state = {name: value for name, value in session.items() if name not in RECORDS}
    for name in ("gate", "criteria"):
        if name in state:
            state[name] = [{**each, "why": _cut(each["why"])} for each in state[name]]
    if "schedule" in state:
        state["schedule"] = state["schedule"][-CHECKS_KEPT:]
    if infusion := state.get("infusion"):
        state["infusion"] = {name: infusion[name] for name in infusion if name != "pauses"}
    return state


def _cut(text: str) -> str:
    return text if len(text) <= WHY_LONGEST else f"{text[:WHY_LONGEST]}…"
