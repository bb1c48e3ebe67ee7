"""What is given in an open session over HTTP: doses, their stop, and the infusion."""

from typing import Any

from fastapi import APIRouter, Request

from api.idempotency import CommandExecutor, IdempotencyKey
from api.parameters import SessionId
from api.problems import COMMAND_ERRORS
from api.schemas.doses import ControlInfusion, Deviation, GiveDose, StopDosing
from api.sessions import session_runner
from monitor.bed.session_view import Session
from monitor.session import commands
from monitor.ward import Ward


def router(ward: Ward, executor: CommandExecutor) -> APIRouter:
    """What is given in the sessions of `ward`."""
    routes = APIRouter(prefix="/sessions/{session}", tags=["sessions"], responses=COMMAND_ERRORS)
    run_in_session = session_runner(ward, executor)

    @routes.post("/doses", response_model=Session)
    async def record_dose(
        session: SessionId, body: GiveDose, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Record an administration, or correct one."""
        command = commands.GiveDose(
            **body.model_dump(exclude={"deviation"}), deviation=_deviation(body.deviation)
        )
        return await run_in_session(session, request, key, command)

    @routes.post("/dosing-stop", response_model=Session)
    async def stop_dosing(
        session: SessionId, body: StopDosing, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Stop dosing before all that was planned is given, or correct such a stop."""
        command = commands.StopDosing(**body.model_dump())
        return await run_in_session(session, request, key, command)

    @routes.post("/infusion", response_model=Session)
    async def control_infusion(
        session: SessionId, body: ControlInfusion, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Start, pause, resume or end the infusion."""
        command = commands.ControlInfusion(
            **body.model_dump(exclude={"deviation"}), deviation=_deviation(body.deviation)
        )
        return await run_in_session(session, request, key, command)

    return routes


def _deviation(body: Deviation | None) -> commands.Deviation | None:
    return None if body is None else commands.Deviation(body.reason)
