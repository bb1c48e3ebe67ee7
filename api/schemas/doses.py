"""What is asked to be given in a session: doses, and the infusion."""

from typing import Annotated

from pydantic import ConfigDict

from api.schemas.declared import RequestFor
from api.schemas.fields import At, By, Corrects, FreeText, ShortText, described
from api.schemas.model import Request
from monitor.session import InfusionAction
from monitor.session.record_fields import DoseFields, DosingStopFields


class Deviation(Request):
    """Why something was given although it should not have been."""

    reason: FreeText = described("Why.", "given before the pressure came")


Given = Annotated[
    bool, described("Whether it has been given already: then it is always taken.", True)
]
DeviationOrNone = Annotated[
    Deviation | None,
    described("Why it was given against the pre-dose criteria or the regimen."),
]


class GiveDose(RequestFor[DoseFields]):
    """Record one administration: it waits for the pre-dose criteria, unless it was given."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"product": "esketamine", "mg": 28, "lot": "A123", "by": "nurse.a"}]
        }
    )

    by: By
    at: At = None
    corrects: Corrects = None
    given: Given = False
    deviation: DeviationOrNone = None


class StopDosing(RequestFor[DosingStopFields]):
    """No further device is given: dosing stops before all that was planned."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "vomited", "by": "nurse.a"}]}
    )

    by: By
    at: At = None
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
    lot: ShortText | None = described("The lot number, on start or later.", "K77", default=None)
    given: Given = False
    deviation: DeviationOrNone = None
