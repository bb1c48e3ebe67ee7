"""What can be asked of a bed: each answered only after it is durable."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

from fastapi import APIRouter, Request, Response

from api import answers, bodies
from api.answers import Wrong
from api.carrying import Carrier, Key, Order
from api.problems import DOCUMENTED, ProblemError
from monitor.bed import view
from monitor.session import commands
from monitor.ward import BedRunner, Ward


def router(ward: Ward) -> APIRouter:
    """The commands of `ward`."""
    carrier = Carrier(ward)
    routes = APIRouter(responses=DOCUMENTED)
    in_the = _in_the_session(ward, carrier)
    routes.include_router(_sessions(ward, carrier, in_the))
    routes.include_router(_records(in_the))
    routes.include_router(_beds(ward, carrier))
    routes.include_router(_alarms(ward, carrier))
    return routes


def at_bed(ward: Ward, bed: str) -> BedRunner:
    """The keeper of that bed. Raises `ProblemError`."""
    if bed not in ward.bed_runners:
        there_are = ", ".join(ward.bed_runners) or "none"
        raise ProblemError(404, f"no bed {bed}; there are: {there_are}")
    return ward.bed_runners[bed]


def _override(body: bodies.Override | None) -> commands.Override | None:
    return None if body is None else commands.Override(body.clinician, body.reason)


Carry = Callable[[str, Request, str | None, commands.Command], Awaitable[Response]]
"""Carry out a command in the session of that id."""


def _in_the_session(ward: Ward, carrier: Carrier) -> Carry:
    async def in_the(
        session: str, request: Request, key: str | None, command: commands.Command
    ) -> Response:
        is_past = ward.runner_of_session(session) is None and await ward.session_repository.history(
            session
        )

        def order() -> Order:
            keeper = ward.runner_of_session(session)
            if keeper is None and not is_past:
                raise ProblemError(404, f"no session {session}; GET /api/v1/sessions lists them")
            if keeper is None or not (of_bed := keeper.bed.session) or not of_bed.is_open:
                raise ProblemError(409, *_ended(session))
            return Order(keeper, command, keeper.session)

        return await carrier.carry(request, key, order)

    return in_the


def _ended(session: str) -> tuple[str, tuple[Wrong, ...]]:
    message = (
        f"session {session} has ended; what its form lacks is filled in there "
        f"(POST /api/v1/sessions/{session}/form/fill), anything else needs a new session"
    )
    return message, (Wrong(field="session", message=message),)


def _sessions(ward: Ward, carrier: Carrier, in_the: Carry) -> APIRouter:
    routes = APIRouter()

    @routes.post("/sessions", status_code=201, response_model=answers.Session, tags=["sessions"])
    async def start(body: bodies.StartSession, request: Request, key: Key = None) -> Any:
        """Begin a session at a bed that is free."""
        keeper = at_bed(ward, body.bed)
        regimen = ward.regimens.by_name.get(body.regimen)
        if regimen is None:
            there_are = ", ".join(sorted(ward.regimens.by_name))
            message = f"no regimen {body.regimen}; there are: {there_are}"
            raise ProblemError(422, message, (Wrong(field="regimen", message=message),))
        past = await ward.prior_sessions(body.patient)
        command = commands.StartSession(
            id=uuid4().hex,
            patient=body.patient,
            age=body.age,
            weight_kg=body.weight_kg,
            regimen=regimen,
            medicines=body.medicines,
            escort_planned=body.escort_planned,
            by=body.by,
            number=None if past is None else past.number,
        )

        def answer() -> Any:
            keeper.set_prior_sessions(command.id, past)
            return keeper.session()

        return await carrier.carry(request, key, lambda: Order(keeper, command, answer, 201))

    @routes.post(
        "/sessions/{session}/preparation", response_model=answers.Session, tags=["sessions"]
    )
    async def prepare(session: str, body: bodies.Prepare, request: Request, key: Key = None) -> Any:
        """Say what was asked before the dose: medicines, who takes the patient home."""
        command = commands.RecordPreparation(body.medicines, body.escort_planned, body.by)
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/doses", response_model=answers.Session, tags=["sessions"])
    async def dose(session: str, body: bodies.GiveDose, request: Request, key: Key = None) -> Any:
        """Record an administration, or correct one."""
        command = commands.GiveDose(
            body.product,
            body.mg,
            body.lot,
            body.by,
            body.at,
            _override(body.override),
            body.corrects,
        )
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/infusion", response_model=answers.Session, tags=["sessions"])
    async def infusion(
        session: str, body: bodies.ControlInfusion, request: Request, key: Key = None
    ) -> Any:
        """Start, pause, resume or end the infusion."""
        command = commands.ControlInfusion(
            body.action, body.by, body.at, _override(body.override), body.reason
        )
        return await in_the(session, request, key, command)

    @routes.post(
        "/sessions/{session}/clearances", response_model=answers.Session, tags=["sessions"]
    )
    async def decide(session: str, body: bodies.Decide, request: Request, key: Key = None) -> Any:
        """Record a clinician's decision on the latest pressure."""
        command = commands.RecordClearance(body.scope, body.clinician, body.reason, body.by)
        return await in_the(session, request, key, command)

    @routes.post(
        "/sessions/{session}/alarm-limits", response_model=answers.Session, tags=["sessions"]
    )
    async def limit(session: str, body: bodies.SetLimit, request: Request, key: Key = None) -> Any:
        """Set a rule's limit for this patient, in this session."""
        command = commands.SetAlarmLimit(**body.model_dump())
        return await in_the(session, request, key, command)

    @routes.post(
        "/sessions/{session}/assignment", response_model=answers.Session, tags=["sessions"]
    )
    async def watch(session: str, body: bodies.WatchOver, request: Request, key: Key = None) -> Any:
        """Say who watches the bed."""
        command = commands.AssignNurse(body.action, body.by, body.to)
        return await in_the(session, request, key, command)

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


def _records(in_the: Carry) -> APIRouter:
    routes = APIRouter()

    @routes.post("/sessions/{session}/scores", response_model=answers.Session, tags=["sessions"])
    async def score(
        session: str, body: bodies.RecordScore, request: Request, key: Key = None
    ) -> Any:
        """Record a CADSS or MOAA/S assessment, or correct one."""
        command = commands.RecordScore(
            body.scale, body.total, body.items, body.by, body.at, body.corrects
        )
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/symptoms", response_model=answers.Session, tags=["sessions"])
    async def symptom(
        session: str, body: bodies.RecordSymptom, request: Request, key: Key = None
    ) -> Any:
        """Record a symptom, or correct one."""
        command = commands.RecordSymptom(
            body.symptom, body.grade, body.by, body.note, body.serious, body.at, body.corrects
        )
        return await in_the(session, request, key, command)

    @routes.post(
        "/sessions/{session}/observations", response_model=answers.Session, tags=["sessions"]
    )
    async def observation(
        session: str, body: bodies.RecordObservation, request: Request, key: Key = None
    ) -> Any:
        """Record breathing, temperature, oxygen or consciousness, or correct them."""
        command = commands.RecordObservation(**body.model_dump())
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/pressures", response_model=answers.Session, tags=["sessions"])
    async def typed_pressure(
        session: str, body: bodies.RecordPressure, request: Request, key: Key = None
    ) -> Any:
        """Record a blood pressure that you measured, or correct one."""
        command = commands.RecordPressure(**body.model_dump())
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/retract", response_model=answers.Session, tags=["sessions"])
    async def retract(session: str, body: bodies.Retract, request: Request, key: Key = None) -> Any:
        """Withdraw a record that should not be there."""
        command = commands.RetractRecord(body.record, body.by, body.reason)
        return await in_the(session, request, key, command)

    @routes.post("/sessions/{session}/notes", response_model=answers.Session, tags=["sessions"])
    async def note(session: str, body: bodies.AddNote, request: Request, key: Key = None) -> Any:
        """Add a note."""
        return await in_the(session, request, key, commands.AddNote(body.text, body.by))

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

    @routes.post("/beds/{bed}/cuff", response_model=answers.Bed, tags=["beds"])
    async def cuff(bed: str, body: bodies.HandleCuff, request: Request, key: Key = None) -> Any:
        """Keep the daemon from starting the bed's cuff, or allow it again."""
        keeper = at_bed(ward, bed)
        if body.action == "stop" and body.reason is None:
            message = "say why the cuff is stopped"
            raise ProblemError(422, message, (Wrong(field="reason", message=message),))
        command = (
            commands.EnableNibp(body.by)
            if body.reason is None or body.action == "allow"
            else commands.InhibitNibp(body.by, body.reason)
        )
        return await carrier.carry(request, key, lambda: Order(keeper, command, keeper.bed_view))

    @routes.post("/beds/{bed}/audio-pause", response_model=answers.Audio, tags=["beds"])
    async def audio_pause(
        bed: str, body: bodies.PauseAudio, request: Request, key: Key = None
    ) -> Any:
        """Quiet one bed. It ends early when something new is as urgent as what sounds now."""
        keeper = at_bed(ward, bed)
        command = commands.PauseAudio(body.by, body.for_s)
        return await carrier.carry(
            request, key, lambda: Order(keeper, command, lambda: view.audio_pause(keeper.bed))
        )

    return routes


def _alarms(ward: Ward, carrier: Carrier) -> APIRouter:
    routes = APIRouter()

    async def on_the(
        alarm: str, request: Request, key: str | None, command: commands.Command
    ) -> Response:
        def answer() -> Any:
            found = ward.alarm(alarm)
            return None if found is None else found[1].as_json()

        def order() -> Order:
            if (found := ward.alarm(alarm)) is None:
                raise ProblemError(404, f"no alarm {alarm} is open at any bed")
            return Order(found[0], command, answer)

        return await carrier.carry(request, key, order)

    @routes.post("/alarms/{alarm}/acknowledge", response_model=answers.Alarm, tags=["alarms"])
    async def acknowledge(
        alarm: str, body: bodies.Acknowledge, request: Request, key: Key = None
    ) -> Any:
        """Take an alarm. It stays until its condition ends; a latched one ends."""
        return await on_the(alarm, request, key, commands.Acknowledge(alarm, body.by, body.note))

    @routes.post("/alarms/{alarm}/unacknowledge", response_model=answers.Alarm, tags=["alarms"])
    async def unacknowledge(
        alarm: str, body: bodies.Unacknowledge, request: Request, key: Key = None
    ) -> Any:
        """Take an acknowledgement back: the alarm calls again.

        A latched alarm that it ended comes back within 60 s, in the same session.
        """
        return await on_the(alarm, request, key, commands.Unacknowledge(alarm, body.by, body.note))

    return routes
