"""Patients over HTTP: a patient's course, and what is known of a patient between sessions."""

from typing import Any

from fastapi import APIRouter, Request, Response

from api.idempotency import CommandExecutor, IdempotencyKey, PendingCommand
from api.parameters import PatientAlias
from api.problems import COMMAND_ERRORS, LOOKUP_ERRORS, ProblemError
from api.schemas.patients import (
    RecordPrompt,
    RecordReassessment,
    RecordResponse,
    RetractEntry,
    TreatmentCourse,
)
from monitor.patient import commands
from monitor.ward import Ward


def router(ward: Ward, executor: CommandExecutor) -> APIRouter:
    """The patients of `ward`."""
    routes = APIRouter(prefix="/patients/{patient:path}", tags=["patients"])
    _add_reads(routes, ward)
    _add_commands(routes, ward, executor)
    return routes


def _add_reads(routes: APIRouter, ward: Ward) -> None:
    @routes.get("/course", response_model=TreatmentCourse, responses=LOOKUP_ERRORS)
    async def get_course(patient: PatientAlias) -> Any:
        """The patient's sessions as a course: where it is, what is next, what is to be asked."""
        found = await ward.session_repository.treatment_course(patient)
        if found is None:
            raise ProblemError(404, f"no patient {patient}: no session of theirs ever started")
        return found.as_json()


def _add_commands(routes: APIRouter, ward: Ward, executor: CommandExecutor) -> None:
    async def run_for_patient(
        patient: str, request: Request, key: str | None, command: commands.PatientCommand
    ) -> Response:
        async with ward.record_service.course(patient) as writer:
            return await executor.execute(
                request, key, lambda: PendingCommand(writer, command, writer.shown, 201)
            )

    @routes.post(
        "/responses", status_code=201, response_model=TreatmentCourse, responses=COMMAND_ERRORS
    )
    async def record_response(
        patient: PatientAlias, body: RecordResponse, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Record a score of response: PHQ-9 or MADRS."""
        command = commands.RecordResponse(body.scale, body.total, body.by, body.at)
        return await run_for_patient(patient, request, key, command)

    @routes.post(
        "/prompts", status_code=201, response_model=TreatmentCourse, responses=COMMAND_ERRORS
    )
    async def record_prompt(
        patient: PatientAlias, body: RecordPrompt, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Record what was found when a long-term question was asked."""
        command = commands.RecordLongTermCheck(body.prompt, body.finding, body.by, body.at)
        return await run_for_patient(patient, request, key, command)

    @routes.post(
        "/reassessments", status_code=201, response_model=TreatmentCourse, responses=COMMAND_ERRORS
    )
    async def record_reassessment(
        patient: PatientAlias,
        body: RecordReassessment,
        request: Request,
        key: IdempotencyKey = None,
    ) -> Any:
        """Record that the indication was reassessed."""
        command = commands.Reassess(body.decision, body.by, body.reason, body.at)
        return await run_for_patient(patient, request, key, command)

    @routes.post(
        "/retract", status_code=201, response_model=TreatmentCourse, responses=COMMAND_ERRORS
    )
    async def retract_entry(
        patient: PatientAlias, body: RetractEntry, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Withdraw what was wrongly written down of the patient."""
        command = commands.RetractPatientRecord(body.record, body.by, body.reason)
        return await run_for_patient(patient, request, key, command)
