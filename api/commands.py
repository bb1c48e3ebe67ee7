"""What can be asked of a bed: each answered only after it is durable."""

from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from api import answers, bodies
from api.answers import Wrong
from api.carrying import Carrier, Key, Order
from api.problems import DOCUMENTED, ProblemError
from monitor import commands
from monitor.keeper import Keeper
from monitor.ward import Ward


def router(ward: Ward) -> APIRouter:
    """The commands of `ward`."""
    carrier = Carrier(ward)
    routes = APIRouter(responses=DOCUMENTED)
    routes.include_router(_sessions(ward, carrier))
    routes.include_router(_beds(ward, carrier))
    return routes


def at_bed(ward: Ward, bed: str) -> Keeper:
    """The keeper of that bed. Raises `ProblemError`."""
    if bed not in ward.keepers:
        there_are = ", ".join(ward.keepers) or "none"
        raise ProblemError(404, f"no bed {bed}; there are: {there_are}")
    return ward.keepers[bed]


def _sessions(ward: Ward, carrier: Carrier) -> APIRouter:
    routes = APIRouter()

    def in_session(session: str) -> Keeper:
        keeper = ward.session_keeper(session)
        if keeper is None:
            raise ProblemError(404, f"no session {session} at any bed; it may have ended long ago")
        of_bed = keeper.bed.session
        if of_bed is None or not of_bed.is_open:
            raise ProblemError(409, f"session {session} has ended")
        return keeper

    async def in_the(
        session: str, request: Request, key: str | None, command: commands.Command
    ) -> Response:
        def order() -> Order:
            keeper = in_session(session)
            return Order(keeper, command, keeper.session)

        return await carrier.carry(request, key, order)

    @routes.post("/sessions", status_code=201, response_model=answers.Session, tags=["sessions"])
    async def start(body: bodies.StartSession, request: Request, key: Key = None) -> Any:
        """Begin a session at a bed that is free."""
        keeper = at_bed(ward, body.bed)
        regimen = ward.regimens.by_name.get(body.regimen)
        if regimen is None:
            there_are = ", ".join(sorted(ward.regimens.by_name))
            message = f"no regimen {body.regimen}; there are: {there_are}"
            raise ProblemError(422, message, (Wrong(field="regimen", message=message),))
        command = commands.StartSession(
            id=uuid4().hex,
            patient=body.patient,
            age=body.age,
            weight_kg=body.weight_kg,
            regimen=regimen,
            medicines=body.medicines,
            by=body.by,
        )
        return await carrier.carry(
            request, key, lambda: Order(keeper, command, keeper.session, 201)
        )

    @routes.post("/sessions/{session}/doses", response_model=answers.Session, tags=["sessions"])
    async def dose(session: str, body: bodies.GiveDose, request: Request, key: Key = None) -> Any:
        """Record an administration."""
        command = commands.GiveDose(body.product, body.mg, body.lot, body.by, body.at)
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/infusion", response_model=answers.Session, tags=["sessions"])
    async def infusion(
        session: str, body: bodies.ControlInfusion, request: Request, key: Key = None
    ) -> Any:
        """Start, pause, resume or end the infusion."""
        command = commands.ControlInfusion(body.action, body.by)
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/scores", response_model=answers.Session, tags=["sessions"])
    async def score(
        session: str, body: bodies.RecordScore, request: Request, key: Key = None
    ) -> Any:
        """Record a CADSS or MOAA/S assessment."""
        command = commands.RecordScore(body.scale, body.total, body.items, body.by, body.at)
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/notes", response_model=answers.Session, tags=["sessions"])
    async def note(session: str, body: bodies.AddNote, request: Request, key: Key = None) -> Any:
        """Add a note."""
        return await in_the(session, request, key, commands.AddNote(body.text, body.by))

    @routes.post("/sessions/{session}/escort", response_model=answers.Session, tags=["sessions"])
    async def escort(session: str, body: bodies.By, request: Request, key: Key = None) -> Any:
        """Confirm that somebody will take the patient home."""
        return await in_the(session, request, key, commands.ConfirmEscort(body.by))

    @routes.post("/sessions/{session}/close", response_model=answers.Session, tags=["sessions"])
    async def close(session: str, body: bodies.Close, request: Request, key: Key = None) -> Any:
        """Discharge the patient."""
        against = body.against_criteria
        command = commands.Close(
            by=body.by,
            escort=body.escort,
            clinician=against.clinician if against else None,
            reason=against.reason if against else None,
        )
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/abort", response_model=answers.Session, tags=["sessions"])
    async def abort(session: str, body: bodies.Abort, request: Request, key: Key = None) -> Any:
        """End the session without a discharge."""
        return await in_the(session, request, key, commands.Abort(body.by, body.reason))

    return routes


def _beds(ward: Ward, carrier: Carrier) -> APIRouter:
    routes = APIRouter()

    @routes.post(
        "/beds/{bed}/pressure",
        status_code=202,
        response_model=answers.Requested,
        tags=["beds"],
    )
    async def pressure(bed: str, body: bodies.By, request: Request, key: Key = None) -> Any:
        """Start the bed's cuff now."""
        keeper = at_bed(ward, bed)
        command = commands.MeasurePressure(body.by)
        answer = answers.Requested(bed=bed).model_dump
        return await carrier.carry(request, key, lambda: Order(keeper, command, answer, 202))

    @routes.post("/alarms/{alarm}/acknowledge", response_model=answers.Alarm, tags=["alarms"])
    async def acknowledge(
        alarm: str, body: bodies.Acknowledge, request: Request, key: Key = None
    ) -> Any:
        """Take an alarm. It stays until its condition ends; a latched one ends."""

        def answer() -> Any:
            found = ward.alarm(alarm)
            return None if found is None else found[1].as_json()

        def order() -> Order:
            if (found := ward.alarm(alarm)) is None:
                raise ProblemError(404, f"no alarm {alarm} is open at any bed")
            return Order(found[0], commands.Acknowledge(alarm, body.by, body.note), answer)

        return await carrier.carry(request, key, order)

    return routes
