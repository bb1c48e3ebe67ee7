"""What is put on record in an open session over HTTP: found, decided, and corrected.

What is given is in `api.doses`.
"""

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Request

from alerts.evaluation import adjustable_limits
from api.idempotency import CommandExecutor, IdempotencyKey
from api.parameters import SessionId
from api.problems import COMMAND_ERRORS, ProblemError
from api.schemas import Page
from api.schemas.records import (
    AddNote,
    ChooseNews2Scale,
    RecordClearance,
    RecordObservation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    RetractRecord,
    RuleLimit,
    SetAlarmLimit,
)
from api.sessions import RunInSession, session_runner
from monitor.bed.session_view import Session
from monitor.session import commands
from monitor.ward import Ward


def router(ward: Ward, executor: CommandExecutor) -> APIRouter:
    """The records of the sessions of `ward`."""
    routes = APIRouter(prefix="/sessions/{session}", tags=["sessions"], responses=COMMAND_ERRORS)
    run_in_session = session_runner(ward, executor)
    _add_found(routes, run_in_session)
    _add_decided(routes, run_in_session)
    _add_limits(routes, ward)
    return routes


def _add_found(routes: APIRouter, run_in_session: RunInSession) -> None:
    @routes.post("/scores", response_model=Session)
    async def record_score(
        session: SessionId, body: RecordScore, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Record a CADSS or MOAA/S assessment, or correct one."""
        command = commands.RecordScore(**body.model_dump())
        return await run_in_session(session, request, key, command)

    @routes.post("/symptoms", response_model=Session)
    async def record_symptom(
        session: SessionId, body: RecordSymptom, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Record a symptom, or correct one."""
        command = commands.RecordSymptom(**body.model_dump())
        return await run_in_session(session, request, key, command)

    @routes.post("/observations", response_model=Session)
    async def record_observation(
        session: SessionId, body: RecordObservation, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Record breathing, temperature, oxygen or consciousness, or correct them."""
        command = commands.RecordObservation(**body.model_dump())
        return await run_in_session(session, request, key, command)

    @routes.post("/pressures", response_model=Session)
    async def record_pressure(
        session: SessionId, body: RecordPressure, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Record a blood pressure that you measured, or correct one."""
        command = commands.RecordPressure(**body.model_dump(exclude={"confirmed"}))
        return await run_in_session(session, request, key, command)

    @routes.post("/notes", response_model=Session)
    async def add_note(
        session: SessionId, body: AddNote, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Add a note."""
        return await run_in_session(session, request, key, commands.AddNote(body.text, body.by))


def _add_decided(routes: APIRouter, run_in_session: RunInSession) -> None:
    @routes.post("/clearances", response_model=Session)
    async def record_clearance(
        session: SessionId, body: RecordClearance, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Record a clinician's clearance of criteria for the dose, or for leaving."""
        scope = commands.ClearanceScope(body.scope)
        command = commands.RecordClearance(**body.model_dump() | {"scope": scope})
        return await run_in_session(session, request, key, command)

    @routes.post("/alarm-limits", response_model=Session)
    async def set_alarm_limit(
        session: SessionId, body: SetAlarmLimit, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Set a rule's limit for this patient, in this session."""
        command = commands.SetAlarmLimit(**body.model_dump())
        return await run_in_session(session, request, key, command)

    @routes.post("/news2-scale", response_model=Session)
    async def choose_news2_scale(
        session: SessionId, body: ChooseNews2Scale, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Choose the scale that NEWS2 scores SpO2 on."""
        command = commands.ChooseNews2Scale(**body.model_dump())
        return await run_in_session(session, request, key, command)

    @routes.post("/retract", response_model=Session)
    async def retract_record(
        session: SessionId, body: RetractRecord, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Withdraw a record that should not be there."""
        command = commands.RetractRecord(**body.model_dump())
        return await run_in_session(session, request, key, command)


def _add_limits(routes: APIRouter, ward: Ward) -> None:
    @routes.get("/alarm-limits", response_model=Page[RuleLimit])
    async def list_alarm_limits(session: SessionId) -> Any:
        """The limits that can be set for this patient, as they are in force."""
        runner = ward.runner_of_session(session)
        if runner is None:
            raise ProblemError(404, f"no session {session} at a bed")
        engine = runner.bed.alarm_engine
        found = [
            asdict(limit)
            for rule, in_force in zip(engine.rules.rules, engine.effective_rules, strict=True)
            for limit in adjustable_limits(rule, in_force)
        ]
        return {"items": found, "next": None}
