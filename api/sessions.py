"""Sessions over HTTP: reading them, their start, preparation and end, and who watches.

What is put on record in a session is in `api.doses` and `api.records`, its form in `api.forms`.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import uuid4

from fastapi import APIRouter, Query, Request, Response

from api.authorization import at_bedside
from api.beds import require_bed
from api.idempotency import CommandExecutor, IdempotencyKey, PendingCommand
from api.parameters import Before, OfBed, OfDay, OfPatient, SessionId
from api.problems import COMMAND_ERRORS, LOOKUP_ERRORS, ProblemError
from api.schemas import FieldError, Page
from api.schemas.fields import Instant
from api.schemas.sessions import (
    AbortSession,
    ChangeAssignment,
    CloseSession,
    ConfirmDoseTime,
    ConfirmEscort,
    CorrectSession,
    MoveSession,
    ProveAlarmPath,
    RecordPatientLeft,
    RecordPreparation,
    ReopenSession,
    StartSession,
    Trend,
)
from drivers.clock import rfc3339
from drivers.readings import UNITS, Vital
from monitor.bed import view
from monitor.bed.session_view import Session
from monitor.journal import Bucket
from monitor.session import Regimen, commands
from monitor.session import Session as OpenSession
from monitor.ward import BedRunner, SessionMove, Ward

TrendStart = Annotated[
    Instant | None,
    Query(
        alias="from",
        description="From when, with an offset; the session's start when left out.",
        examples=["2026-01-05T09:00:00Z"],
    ),
]
TrendEnd = Annotated[
    Instant | None,
    Query(
        alias="to",
        description="Until when, with an offset; until now when left out.",
        examples=["2026-01-05T11:00:00Z"],
    ),
]

RunInSession = Callable[[str, Request, str | None, commands.Command], Awaitable[Response]]
"""Carry out a command in the session of that id; the response holds the session."""


def router(ward: Ward, executor: CommandExecutor) -> APIRouter:
    """The sessions of `ward`."""
    routes = APIRouter(prefix="/sessions", tags=["sessions"])
    _add_reads(routes, ward)
    _add_start(routes, ward, executor)
    run_in_session = session_runner(ward, executor)
    _add_correction(routes, ward, run_in_session)
    _add_commands(routes, run_in_session)
    _add_move(routes, ward, executor)
    return routes


def session_runner(ward: Ward, executor: CommandExecutor) -> RunInSession:
    """What carries out commands in the open sessions of `ward`."""

    async def run_in_session(
        session: str, request: Request, key: str | None, command: commands.Command
    ) -> Response:
        is_past = await _is_past(ward, session)

        def prepare() -> PendingCommand:
            reopens = isinstance(command, commands.ReopenSession)
            if reopens and is_past:
                message = f"another session has begun at its bed: the end of {session} stays"
                raise ProblemError(409, message, (FieldError(field="session", message=message),))
            runner, of_bed = _runner_of(ward, session, is_past=is_past)
            completes = isinstance(command, commands.Abort) and of_bed.to_be_completed
            if not (of_bed.is_open or completes or reopens):
                raise ProblemError(409, *_ended(session))
            if reopens:
                _check_only_here(ward, of_bed.patient, runner.id)
            return PendingCommand(runner, command, runner.session)

        return await executor.execute(request, key, prepare)

    return run_in_session


async def _is_past(ward: Ward, session: str) -> bool:
    """Whether it is a session that no bed holds any more."""
    if ward.runner_of_session(session) is not None:
        return False
    return await ward.session_repository.history(session) is not None


def _runner_of(ward: Ward, session: str, *, is_past: bool) -> tuple[BedRunner, OpenSession]:
    """The bed whose latest session it is, and the session. Raises `ProblemError` for none."""
    runner = ward.runner_of_session(session)
    if runner is None and not is_past:
        raise ProblemError(404, f"no session {session}; GET /api/v1/sessions lists them")
    if runner is None or not (of_bed := runner.bed.session):
        raise ProblemError(409, *_ended(session))
    return runner, of_bed


def _ended(session: str) -> tuple[str, tuple[FieldError, ...]]:
    message = (
        f"session {session} has ended; what its form lacks is filled in there "
        f"(POST /api/v1/sessions/{session}/form/fill), anything else needs a new session"
    )
    return message, (FieldError(field="session", message=message),)


def _check_only_here(ward: Ward, patient: str, bed: str) -> None:
    """Raises `ProblemError` where the patient has a session at another bed by now."""
    others = [other for other in ward.beds_of(patient) if other != bed]
    if others:
        message = f"{patient} has an open session at {', '.join(others)} by now"
        raise ProblemError(409, message, (FieldError(field="session", message=message),))


def live_session(ward: Ward, session: str) -> view.Json | None:
    """The session as its bed shows it; None when it is no bed's latest."""
    runner = ward.runner_of_session(session)
    return None if runner is None else runner.session()


async def _session(ward: Ward, session: str) -> view.Json:
    if (live := live_session(ward, session)) is not None:
        return live
    history = await ward.session_repository.history(session)
    if history is None:
        raise ProblemError(404, f"no session {session}")
    return view.records(history.session).as_json()


def _add_reads(routes: APIRouter, ward: Ward) -> None:
    @routes.get("", response_model=Page[Session])
    async def list_sessions(
        limit: Annotated[
            int, Query(ge=1, le=50, description="How many at most on this page.", examples=[20])
        ] = 20,
        before: Before = None,
        bed: OfBed = None,
        patient: OfPatient = None,
        day: OfDay = None,
    ) -> Any:
        """Sessions, newest first."""
        began = None if day is None else ward.session_repository.bounds(day)
        started = await ward.journal.sessions(
            limit, before=before, bed=bed, patient=patient, began=began
        )
        items = [await _session(ward, str(stored.event.session)) for stored in started]
        more = len(started) == limit
        return {"items": items, "next": started[-1].seq if started and more else None}

    @routes.get("/{session}", response_model=Session, responses=LOOKUP_ERRORS)
    async def get_session(session: SessionId) -> Any:
        """One session, open or ended."""
        return await _session(ward, session)

    @routes.get("/{session}/readings", response_model=Trend, responses=LOOKUP_ERRORS)
    async def get_trend(
        session: SessionId,
        vital: Annotated[Vital, Query(description="Which vital.", examples=["spo2"])],
        start: TrendStart = None,
        end: TrendEnd = None,
        points: Annotated[
            int, Query(ge=2, le=5000, description="How many points at most.", examples=[240])
        ] = 240,
    ) -> Any:
        """One vital over time, as lowest and highest over equal stretches."""
        buckets = await ward.journal.readings(
            vital.value, session=session, start=start, end=end, points=points
        )
        if not buckets:
            await _session(ward, session)
        return {
            "vital": vital.value,
            "unit": UNITS[vital],
            "points": [_trend_point(bucket) for bucket in buckets],
        }


def _trend_point(bucket: Bucket) -> view.Json:
    return {
        "at": rfc3339(bucket.at),
        "min": bucket.low,
        "max": bucket.high,
        "last": bucket.last,
        "count": bucket.count,
    }


def _regimen(ward: Ward, name: str) -> Regimen:
    regimen = ward.regimens.by_name.get(name)
    if regimen is None:
        there_are = ", ".join(sorted(ward.regimens.by_name))
        message = f"no regimen {name}; there are: {there_are}"
        raise ProblemError(422, message, (FieldError(field="regimen", message=message),))
    return regimen


def _add_start(routes: APIRouter, ward: Ward, executor: CommandExecutor) -> None:
    @routes.post("", status_code=201, response_model=Session, responses=COMMAND_ERRORS)
    async def start_session(
        body: StartSession, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Begin a session at a bed that is free."""
        runner = require_bed(ward, body.bed)
        regimen = _regimen(ward, body.regimen)
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
            also_at=body.also_at,
        )

        def prepare() -> PendingCommand:
            _check_other_beds(ward, body)
            return PendingCommand(runner, command, content, 201)

        def content() -> Any:
            runner.set_prior_sessions(command.id, past)
            return runner.session()

        return await executor.execute(request, key, prepare)


def _check_other_beds(ward: Ward, body: StartSession) -> None:
    """Raises `ProblemError` unless `also_at` names the other bed where the patient is, if any."""
    others = [bed for bed in ward.beds_of(body.patient) if bed != body.bed]
    if body.also_at in others or (body.also_at is None and not others):
        return
    message = (
        f"{body.patient} has an open session at {', '.join(others)}; end that one, or say also_at "
        "where both are meant"
        if others
        else f"{body.patient} has no open session at {body.also_at}; leave also_at out"
    )
    raise ProblemError(409, message, (FieldError(field="also_at", message=message),))


def _add_move(routes: APIRouter, ward: Ward, executor: CommandExecutor) -> None:
    @routes.post("/{session}/move", response_model=Session, responses=COMMAND_ERRORS)
    async def move_session(
        session: SessionId, body: MoveSession, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Go on at another bed: all that is recorded goes along, and the bed before is free."""
        target, is_past = require_bed(ward, body.bed), await _is_past(ward, session)
        command = commands.MoveOut(to=body.bed, by=body.by, reason=body.reason)

        def prepare() -> PendingCommand:
            source, of_bed = _runner_of(ward, session, is_past=is_past)
            if not of_bed.is_open:
                raise ProblemError(409, *_ended(session))
            if body.from_ not in (None, source.id):
                message = f"{of_bed.patient} is at {source.id} by now, not at {body.from_}"
                raise ProblemError(409, message, (FieldError(field="from", message=message),))
            move = SessionMove(source, target, ward.journal, ward.clock)
            return PendingCommand(move, command, target.session)

        return await executor.execute(request, key, prepare)


def _add_correction(routes: APIRouter, ward: Ward, run_in_session: RunInSession) -> None:
    @routes.post("/{session}/correct", response_model=Session, responses=COMMAND_ERRORS)
    async def correct_session(
        session: SessionId, body: CorrectSession, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Put right the age, the weight or the regimen."""
        regimen = None if body.regimen is None else _regimen(ward, body.regimen)
        command = commands.CorrectSession(**body.model_dump() | {"regimen": regimen})
        return await run_in_session(session, request, key, command)


def _preparation(body: RecordPreparation) -> commands.RecordPreparation:
    by_class, names = body.medicines, body.medicine_names
    if by_class is not None and not isinstance(by_class, dict):
        by_class, names = None, by_class
    confirmed = body.confirmed
    return commands.RecordPreparation(
        **body.model_dump(exclude={"medicines", "medicine_names", "confirmed"}),
        medicines=names,
        medicine_classes=by_class,
        confirmed=None if confirmed is None else commands.Confirmation(confirmed.changed),
    )


def _abort(body: AbortSession) -> commands.Abort:
    against = body.against_criteria
    return commands.Abort(
        body.by,
        body.reason,
        None if body.outcome is None else commands.AbortOutcome(body.outcome),
        body.destination,
        None if against is None else commands.Override(against.clinician, against.reason),
    )


def _add_commands(routes: APIRouter, run_in_session: RunInSession) -> None:
    @routes.post("/{session}/preparation", response_model=Session, responses=COMMAND_ERRORS)
    async def record_preparation(
        session: SessionId, body: RecordPreparation, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Say what was asked before the dose; what is left out stays as it is."""
        command = _preparation(body)
        return await run_in_session(session, request, key, command)

    @routes.post("/{session}/assignment", response_model=Session, responses=COMMAND_ERRORS)
    async def change_assignment(
        session: SessionId, body: ChangeAssignment, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Say who watches the bed, and who is there as well."""
        to = None if body.to is None else at_bedside(request, body.to)
        command = commands.AssignNurse(body.action, body.by, to)
        return await run_in_session(session, request, key, command)

    @routes.post("/{session}/escort", response_model=Session, responses=COMMAND_ERRORS)
    async def confirm_escort(
        session: SessionId, body: ConfirmEscort, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Confirm that somebody will take the patient home."""
        return await run_in_session(session, request, key, commands.ConfirmEscort(body.by))

    @routes.post("/{session}/alarm-path", response_model=Session, responses=COMMAND_ERRORS)
    async def prove_alarm_path(
        session: SessionId, body: ProveAlarmPath, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Raise a test alarm, for at most 45 s.

        Acknowledged with the `display` that has shown it, the alarm path is proved.
        """
        return await run_in_session(session, request, key, commands.ProveAlarmPath(body.by))

    @routes.post("/{session}/dose-time", response_model=Session, responses=COMMAND_ERRORS)
    async def confirm_dose_time(
        session: SessionId, body: ConfirmDoseTime, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Confirm when the dose was given, after the machine was started anew."""
        return await run_in_session(session, request, key, commands.ConfirmDoseTime(body.by))

    @routes.post("/{session}/close", response_model=Session, responses=COMMAND_ERRORS)
    async def close_session(
        session: SessionId, body: CloseSession, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Discharge the patient."""
        against = body.against_criteria
        command = commands.Close(
            by=body.by,
            escort=body.escort,
            clinician=against.clinician if against else None,
            reason=against.reason if against else None,
            suicidality=body.suicidality,
        )
        return await run_in_session(session, request, key, command)

    @routes.post("/{session}/abort", response_model=Session, responses=COMMAND_ERRORS)
    async def abort_session(
        session: SessionId, body: AbortSession, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """End the session without a discharge, or complete what its abort lacks."""
        return await run_in_session(session, request, key, _abort(body))

    @routes.post("/{session}/left", response_model=Session, responses=COMMAND_ERRORS)
    async def record_patient_left(
        session: SessionId, body: RecordPatientLeft, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Say that the patient of an aborted session has left the bed."""
        command = commands.RecordPatientLeft(**body.model_dump())
        return await run_in_session(session, request, key, command)

    @routes.post("/{session}/reopen", response_model=Session, responses=COMMAND_ERRORS)
    async def reopen_session(
        session: SessionId, body: ReopenSession, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Take back its end within a minute: it goes on as if it had not ended."""
        return await run_in_session(session, request, key, commands.ReopenSession(body.by))
