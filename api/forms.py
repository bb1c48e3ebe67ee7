"""What is written down beside the beds, and given out: forms, exports, courses."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from api.alarms import NOT_FOUND, Limit, Seq, at_a_bed
from api.idempotency import Carrier, Key, Order
from api.problems import DOCUMENTED, ProblemError
from api.schemas import forms as paper_answers
from api.schemas import patients as paper_bodies
from api.schemas.sessions import Listed
from monitor import office, views
from monitor.archive import FormState
from monitor.export import everything, table
from monitor.form_page import POLICY, page
from monitor.ward import Ward


def router(ward: Ward) -> APIRouter:
    """The papers of `ward`."""
    carrier = Carrier(ward)
    routes = APIRouter()
    routes.include_router(_exports(ward))
    routes.include_router(_forms(ward, carrier), responses=DOCUMENTED)
    routes.include_router(_courses(ward, carrier), responses=DOCUMENTED)
    return routes


def _exports(ward: Ward) -> APIRouter:
    routes = APIRouter()

    @routes.get("/forms", response_model=Listed[paper_answers.Due], tags=["forms"])
    async def forms(state: FormState = "due", after: Seq = 0, limit: Limit = 100) -> Any:
        """Monitoring forms of sessions with a dose, oldest due first; `due` are those not sent.

        A page may hold fewer than `limit`, or none, and still have a `next`.
        """
        found, following = await ward.archive.forms(state, after, limit)
        return {"items": [form.summary() for form in found], "next": following}

    @routes.get(
        "/sessions/{session}/export",
        response_model=paper_answers.Form | paper_answers.Everything,
        responses=NOT_FOUND | {200: {"content": {"text/csv": {}, "text/html": {}}}},
        tags=["forms"],
    )
    async def export(
        session: str,
        wanted: Annotated[Literal["form", "json", "csv"], Query(alias="format")] = "form",
        as_page: Annotated[
            Literal["html"] | None, Query(alias="page", description="The form, to be printed.")
        ] = None,
    ) -> Any:
        """The session's monitoring form, everything about it, or its numbers as CSV."""
        account = await ward.archive.account(session)
        if account is None:
            raise ProblemError(404, f"no session {session}")
        if wanted == "csv":
            text = table(account, await ward.archive.minutes(account))
            name = f'attachment; filename="session-{account.session.id}.csv"'
            return Response(text, media_type="text/csv", headers={"Content-Disposition": name})
        form = await ward.archive.form(account)
        if wanted == "json":
            stored = await ward.archive.stored(session)
            known = at_a_bed(ward, account.session.id) or views.recorded(account.session)
            return everything(known, stored, form)
        if as_page is None:
            return form.as_json()
        now = ward.clock.now().wall
        shown = page(form, now, ward.archive.zone, simulated=ward.clock.simulated)
        policy = f"{POLICY}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
        headers = {"Content-Security-Policy": policy}
        return Response(shown, media_type="text/html", headers=headers)

    return routes


def _forms(ward: Ward, carrier: Carrier) -> APIRouter:
    routes = APIRouter()

    async def on_the(
        session: str, request: Request, key: str | None, command: office.FormCommand
    ) -> Response:
        async with ward.clerk.form(session) as desk:
            return await carrier.carry(request, key, lambda: Order(desk, command, desk.shown))

    @routes.post(
        "/sessions/{session}/form/confirm", response_model=paper_answers.Form, tags=["forms"]
    )
    async def confirm_form(
        session: str, body: paper_bodies.ConfirmForm, request: Request, key: Key = None
    ) -> Any:
        """Confirm or change when the patient would have been ready but for the window."""
        command = office.ConfirmForm(body.by, body.ready_at, body.reason)
        return await on_the(session, request, key, command)

    @routes.post("/sessions/{session}/form/fill", response_model=paper_answers.Form, tags=["forms"])
    async def fill_form(
        session: str, body: paper_bodies.FillForm, request: Request, key: Key = None
    ) -> Any:
        """Fill in what was left out at the bed, once the session has ended."""
        command = office.FillForm(**body.model_dump())
        return await on_the(session, request, key, command)

    @routes.post("/sessions/{session}/form/sent", response_model=paper_answers.Form, tags=["forms"])
    async def send_form(
        session: str, body: paper_bodies.SendForm, request: Request, key: Key = None
    ) -> Any:
        """Mark the form as sent. Postdose sends nothing itself."""
        command = office.SendForm(body.by, body.how, body.reason)
        return await on_the(session, request, key, command)

    @routes.post(
        "/sessions/{session}/form/reopen", response_model=paper_answers.Form, tags=["forms"]
    )
    async def reopen_form(
        session: str, body: paper_bodies.ReopenForm, request: Request, key: Key = None
    ) -> Any:
        """Take back that the form was sent."""
        return await on_the(session, request, key, office.ReopenForm(body.by, body.reason))

    return routes


Alias = Annotated[str, Path(description="The patient's alias, URL-encoded.")]


def _courses(ward: Ward, carrier: Carrier) -> APIRouter:
    routes = APIRouter(prefix="/patients/{patient:path}", tags=["patients"])

    async def of_the(
        patient: str, request: Request, key: str | None, command: office.PatientCommand
    ) -> Response:
        async with ward.clerk.course(patient) as desk:
            return await carrier.carry(request, key, lambda: Order(desk, command, desk.shown, 201))

    @routes.get("/course", response_model=paper_answers.Course)
    async def course(patient: Alias) -> Any:
        """The patient's sessions as a course: where it is, what is next, what is to be asked."""
        found = await ward.archive.course(patient)
        if found is None:
            raise ProblemError(404, f"no patient {patient}: no session of theirs ever started")
        return found.as_json()

    @routes.post("/responses", status_code=201, response_model=paper_answers.Course)
    async def response(
        patient: Alias, body: paper_bodies.RecordResponse, request: Request, key: Key = None
    ) -> Any:
        """Record a score of response: PHQ-9 or MADRS."""
        command = office.RecordResponse(body.scale, body.total, body.by, body.at)
        return await of_the(patient, request, key, command)

    @routes.post("/prompts", status_code=201, response_model=paper_answers.Course)
    async def prompt(
        patient: Alias, body: paper_bodies.RecordPrompt, request: Request, key: Key = None
    ) -> Any:
        """Record what was found when a long-term question was asked."""
        command = office.RecordPrompt(body.prompt, body.finding, body.by, body.at)
        return await of_the(patient, request, key, command)

    @routes.post("/reassessments", status_code=201, response_model=paper_answers.Course)
    async def reassess(
        patient: Alias, body: paper_bodies.Reassess, request: Request, key: Key = None
    ) -> Any:
        """Record that the indication was reassessed."""
        command = office.Reassess(body.decision, body.by, body.reason, body.at)
        return await of_the(patient, request, key, command)

    @routes.post("/retract", status_code=201, response_model=paper_answers.Course)
    async def retract_entry(
        patient: Alias, body: paper_bodies.RetractEntry, request: Request, key: Key = None
    ) -> Any:
        """Withdraw what was wrongly written down of the patient."""
        command = office.RetractEntry(body.record, body.by, body.reason)
        return await of_the(patient, request, key, command)

    return routes
