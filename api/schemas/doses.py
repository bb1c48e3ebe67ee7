"""What is given in a session: doses, and the infusion."""

from pydantic import ConfigDict

from api.schemas.declared import RecordOf, RequestFor
from api.schemas.fields import At, By, Clinician, Corrects, FreeText, described
from api.schemas.model import Request, Response
from monitor.session import InfusionAction
from monitor.session.record_fields import DoseFields

# ── responses ───────────────────────────────────────────────────────────────────────────


class Dose(RecordOf[DoseFields]):
    """One administration."""

    override: dict[str, str] | None = described(
        "By whom and why it was given although the conditions were not met.",
        {"clinician": "dr.b", "reason": "known hypertension"},
    )


class InfusionPause(Response):
    """A pause of the infusion."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    from_: str = described("When it began.", "2026-01-05T09:10:00.000Z", alias="from")
    to: str | None = described("When it ended; null while it lasts.", "2026-01-05T09:15:00.000Z")


class Infusion(Response):
    """The infusion, where the regimen has one."""

    started_at: str = described("When it started.", "2026-01-05T09:00:00.000Z")
    ended_at: str | None = described("When it ended; null until then.", "2026-01-05T09:45:00.000Z")
    running: bool = described("Whether it is running now.", False)
    pauses: list[InfusionPause] = described("When it was paused.")
    planned_min: float | None = described("How long it is planned to run, in min.", 40)


# ── requests ────────────────────────────────────────────────────────────────────────────


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
