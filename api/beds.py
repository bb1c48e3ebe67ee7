"""Beds over HTTP: what is there now, the cuff, and the sound."""

from typing import Any

from fastapi import APIRouter, Request

from api.idempotency import CommandExecutor, IdempotencyKey, PendingCommand
from api.parameters import BedId
from api.problems import COMMAND_ERRORS, LOOKUP_ERRORS, ProblemError
from api.schemas import FieldError, Page
from api.schemas.beds import (
    Bed,
    ControlCuff,
    DeviceLink,
    MeasurementAccepted,
    MeasurePressure,
    PauseAudio,
)
from monitor.bed import view
from monitor.bed.bed_view import AudioState
from monitor.session import commands
from monitor.ward import BedRunner, Ward


def router(ward: Ward, executor: CommandExecutor) -> APIRouter:
    """The beds of `ward`."""
    routes = APIRouter(prefix="/beds", tags=["beds"])
    _add_reads(routes, ward)
    _add_commands(routes, ward, executor)
    return routes


def _add_reads(routes: APIRouter, ward: Ward) -> None:
    @routes.get("", response_model=Page[Bed])
    async def list_beds() -> Any:
        """Every bed, in the order of the configuration."""
        return {"items": [runner.bed_view() for runner in ward.bed_runners.values()], "next": None}

    @routes.get("/{bed}", response_model=Bed, responses=LOOKUP_ERRORS)
    async def get_bed(bed: BedId) -> Any:
        """One bed: devices, vitals, session, alarms."""
        return require_bed(ward, bed).bed_view()

    @routes.get("/{bed}/devices", response_model=Page[DeviceLink], responses=LOOKUP_ERRORS)
    async def list_device_links(bed: BedId) -> Any:
        """How the link to each device of a bed does, for who looks after the devices."""
        return {"items": require_bed(ward, bed).device_links(), "next": None}


def _add_commands(routes: APIRouter, ward: Ward, executor: CommandExecutor) -> None:
    @routes.post(
        "/{bed}/pressure",
        status_code=202,
        response_model=MeasurementAccepted,
        responses=COMMAND_ERRORS,
    )
    async def measure_pressure(
        bed: BedId, body: MeasurePressure, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Start the bed's cuff now."""
        runner = require_bed(ward, bed)
        command = commands.MeasurePressure(body.by)
        content = MeasurementAccepted(bed=bed).model_dump
        return await executor.execute(
            request, key, lambda: PendingCommand(runner, command, content, 202)
        )

    @routes.post("/{bed}/cuff", response_model=Bed, responses=COMMAND_ERRORS)
    async def control_cuff(
        bed: BedId, body: ControlCuff, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Keep the daemon from starting the bed's cuff, or allow it again."""
        runner = require_bed(ward, bed)
        if body.action == "stop" and body.reason is None:
            message = "say why the cuff is stopped"
            raise ProblemError(422, message, (FieldError(field="reason", message=message),))
        command = (
            commands.EnableNibp(body.by)
            if body.reason is None or body.action == "allow"
            else commands.InhibitNibp(body.by, body.reason)
        )
        return await executor.execute(
            request, key, lambda: PendingCommand(runner, command, runner.bed_view)
        )

    @routes.post("/{bed}/audio-pause", response_model=AudioState, responses=COMMAND_ERRORS)
    async def pause_audio(
        bed: BedId, body: PauseAudio, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Pause one bed's sound. It ends early when something as urgent as what sounds is new."""
        runner = require_bed(ward, bed)
        command = commands.PauseAudio(body.by, body.for_s)
        return await executor.execute(
            request,
            key,
            lambda: PendingCommand(runner, command, lambda: view.audio_pause(runner.bed).as_json()),
        )


def require_bed(ward: Ward, bed: str) -> BedRunner:
    """The runner of that bed. Raises `ProblemError`."""
    if bed not in ward.bed_runners:
        there_are = ", ".join(ward.bed_runners) or "none"
        raise ProblemError(404, f"no bed {bed}; there are: {there_are}")
    return ward.bed_runners[bed]
