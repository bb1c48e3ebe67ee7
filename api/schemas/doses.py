"""What is asked to be given in a session: doses, and the infusion."""

from pydantic import ConfigDict

from api.schemas.declared import RequestFor
from api.schemas.fields import At, By, Clinician, Corrects, FreeText, described
from api.schemas.model import Request
from monitor.session import InfusionAction
from monitor.session.record_fields import DoseFields


class Override(Request):
    """The clinician who goes on all the same, and why."""

    clinician: Clinician
    reason: FreeText = described("Why.", "known hypertension")


class GiveDose(RequestFor[DoseFields]):
    """Record one administration. Before the first dose the gate has to be met, or overridden."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"product": "esketamine", "mg": 28, "lot": "A123", "by": "nurse.a"}]
        }
    )

    by: By
    at: At = None
    override: Override | None = described(
        "Who gives the first dose although its conditions are not met.", default=None
    )
    corrects: Corrects = None


class ControlInfusion(Request):
    """Start, pause, resume or end the infusion."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "start", "by": "nurse.a"}]}
    )

    action: InfusionAction = described("What to do with it.", "start")
    by: By
    at: At = None
    reason: FreeText | None = described("Why it is paused or ended.", "nausea", default=None)
    override: Override | None = described(
        "Who starts it although the conditions for the first dose are not met.", default=None
    )
