"""Who may do what over HTTP: one line a route, by the name of its function.

A route without a line is for nobody. What a body says of who acts, and of a clinician, is held to
in `api.authorization`. Where nobody is signed in, alarms are seen by `list_alarms_in_brief`.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from monitor.access import Role


class Needs(StrEnum):
    """What a route asks of who comes."""

    NOTHING = "nothing"
    """Not even a sign-in."""
    READING = "reading"
    """A sign-in of any role, or a station at which somebody has signed in before."""
    CARE = "care"
    """Somebody at the bedside."""
    DECISION = "decision"
    """A clinician in person."""


ROLES: Final[Mapping[Needs, frozenset[Role]]] = MappingProxyType(
    {
        Needs.READING: frozenset(Role),
        Needs.CARE: frozenset({Role.NURSE, Role.CLINICIAN}),
        Needs.DECISION: frozenset({Role.CLINICIAN}),
    }
)

_NAMES: Final[Mapping[Needs, str]] = {
    Needs.NOTHING: """
        get_health get_readiness list_alarms_in_brief
        get_access sign_in unlock lock_station sign_out
    """,
    Needs.READING: """
        get_status get_metrics open_stream list_events list_regimens get_rules
        list_beds get_bed list_device_links list_alarms
        list_sessions get_session get_trend get_waveforms list_alarm_limits
        list_forms export_session get_course
        announce_display close_display
    """,
    Needs.CARE: """
        measure_pressure control_cuff pause_audio acknowledge_alarm unacknowledge_alarm
        start_session correct_session record_preparation change_assignment confirm_escort
        confirm_dose_time prove_alarm_path close_session abort_session
        record_patient_left reopen_session move_session
        record_dose stop_dosing control_infusion
        record_score record_symptom record_observation record_pressure add_note retract_record
        confirm_form fill_form send_form reopen_form
        record_response record_prompt record_reassessment retract_entry
    """,
    Needs.DECISION: """
        record_clearance set_alarm_limit choose_news2_scale
    """,
}

PERMISSIONS: Final[Mapping[str, Needs]] = MappingProxyType(
    {name: needs for needs, names in _NAMES.items() for name in names.split()}
)
"""What each route needs."""

RECORDS: Final = frozenset(
    {"list_sessions", "get_session", "export_session", "get_course", "list_events"}
)
"""What shows a patient's record, beyond what the board shows of who lies there now."""
