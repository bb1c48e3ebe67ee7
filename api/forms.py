"""Monitoring forms over HTTP: those due, what a person says on one, and exports of a session."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from api.idempotency import CommandExecutor, IdempotencyKey, PendingCommand
from api.parameters import After, Limit, SessionId
from api.problems import COMMAND_ERRORS, EXPORT_ERRORS, ProblemError
from api.schemas import Page
from api.schemas.forms import (
    ConfirmForm,
    FillForm,
    Form,
    FormSummary,
    ReopenForm,
    SendForm,
    SessionExport,
)
from api.sessions import live_session
from monitor.bed import view
from monitor.patient import (
    FormState,
    NoPdfError,
    as_pdf,
    commands,
    csv_table,
    session_export,
)
from monitor.patient.form import CONTENT_POLICY as FORM_POLICY
from monitor.patient.form import form_page
from monitor.patient.report import CONTENT_POLICY as REPORT_POLICY
from monitor.patient.report import report_page
from monitor.session import SessionHistory
from monitor.ward import Ward


def router(ward: Ward, executor: CommandExecutor) -> APIRouter:
    """The forms and exports of the sessions of `ward`."""
    routes = APIRouter(tags=["forms"])
    _add_reads(routes, ward)
    _add_commands(routes, ward, executor)
    return routes


def _add_reads(routes: APIRouter, ward: Ward) -> None:
    @routes.get("/forms", response_model=Page[FormSummary])
    async def list_forms(
        state: Annotated[
            FormState,
            Query(description="Only in this state; `due` are those not sent.", examples=["due"]),
        ] = "due",
        after: After = 0,
        limit: Limit = 100,
    ) -> Any:
        """Monitoring forms of sessions with a dose, oldest due first; `due` are those not sent.

        A page may hold fewer than `limit`, or none, and still have a `next`.
        """
        found, following = await ward.session_repository.forms(state, after, limit)
        return {"items": [form.summary() for form in found], "next": following}

    @routes.get(
        "/sessions/{session}/export",
        response_model=Form | SessionExport,
        responses=EXPORT_ERRORS
        | {200: {"content": {"text/csv": {}, "text/html": {}, "application/pdf": {}}}},
    )
    async def export_session(
        session: SessionId,
        format_: Annotated[
            Literal["form", "report", "json", "csv"],
            Query(
                alias="format",
                description="The form, the report, everything as JSON, or the numbers as CSV.",
                examples=["form"],
            ),
        ] = "form",
        as_page: Annotated[
            Literal["html", "pdf"] | None,
            Query(
                alias="page",
                description="The form or the report as a page to print; a report is one anyway.",
                examples=["html"],
            ),
        ] = None,
    ) -> Any:
        """The session's monitoring form, its report, everything about it, or its numbers as CSV."""
        history = await ward.session_repository.history(session)
        if history is None:
            raise ProblemError(404, f"no session {session}")
        if format_ == "csv":
            return await _csv_response(ward, history)
        if format_ == "report":
            return await _report_response(ward, history, as_page)
        form = await ward.session_repository.form(history)
        if format_ == "json":
            stored = await ward.session_repository.stored(session)
            shown = (
                live_session(ward, history.session.id) or view.records(history.session).as_json()
            )
            return session_export(shown, stored, form)
        if as_page is None:
            return form.as_json()
        now, simulated = ward.clock.now().wall, ward.clock.simulated
        page = form_page(form, now, ward.session_repository.zone, simulated=simulated)
        return await _page_response(page, as_page, FORM_POLICY)


async def _csv_response(ward: Ward, history: SessionHistory) -> Response:
    text = csv_table(history, await ward.session_repository.minutes(history))
    name = f'attachment; filename="session-{history.session.id}.csv"'
    return Response(text, media_type="text/csv", headers={"Content-Disposition": name})


async def _report_response(ward: Ward, history: SessionHistory, as_page: str | None) -> Response:
    report = await ward.session_repository.report(history)
    now, simulated = ward.clock.now().wall, ward.clock.simulated
    page = report_page(report, now, ward.session_repository.zone, simulated=simulated)
    return await _page_response(page, as_page or "html", REPORT_POLICY)


async def _page_response(page: str, as_page: str, policy: str) -> Response:
    if as_page == "pdf":
        try:
            return Response(await run_in_threadpool(as_pdf, page), media_type="application/pdf")
        except NoPdfError as error:
            raise ProblemError(501, str(error)) from error
    alone = f"{policy}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    return Response(page, media_type="text/html", headers={"Content-Security-Policy": alone})


def _add_commands(routes: APIRouter, ward: Ward, executor: CommandExecutor) -> None:
    async def run_on_form(
        session: str, request: Request, key: str | None, command: commands.FormCommand
    ) -> Response:
        async with ward.record_service.form(session) as writer:
            return await executor.execute(
                request, key, lambda: PendingCommand(writer, command, writer.shown)
            )

    @routes.post("/sessions/{session}/form/confirm", response_model=Form, responses=COMMAND_ERRORS)
    async def confirm_form(
        session: SessionId, body: ConfirmForm, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Confirm or change when the patient would have been ready but for the window."""
        command = commands.ConfirmForm(body.by, body.ready_at, body.reason)
        return await run_on_form(session, request, key, command)

    @routes.post("/sessions/{session}/form/fill", response_model=Form, responses=COMMAND_ERRORS)
    async def fill_form(
        session: SessionId, body: FillForm, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Fill in what was left out at the bed, once the session has ended."""
        command = commands.FillForm(**body.model_dump())
        return await run_on_form(session, request, key, command)

    @routes.post("/sessions/{session}/form/sent", response_model=Form, responses=COMMAND_ERRORS)
    async def send_form(
        session: SessionId, body: SendForm, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Mark the form as sent. Postdose sends nothing itself."""
        command = commands.SendForm(body.by, body.how, body.reason)
        return await run_on_form(session, request, key, command)

    @routes.post("/sessions/{session}/form/reopen", response_model=Form, responses=COMMAND_ERRORS)
    async def reopen_form(
        session: SessionId, body: ReopenForm, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Take back that the form was sent."""
        return await run_on_form(session, request, key, commands.ReopenForm(body.by, body.reason))
