"""Alarms over HTTP: those open, those that ended, and acknowledging one."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response

from alerts.alarm import ALARM_ENDINGS
from api.events import event_page
from api.idempotency import CommandExecutor, IdempotencyKey, PendingCommand
from api.parameters import After, AlarmId, Limit, OfBed
from api.problems import COMMAND_ERRORS, ProblemError
from api.schemas import Page
from api.schemas.alarms import AcknowledgeAlarm, Alarm, AlarmInBrief, UnacknowledgeAlarm
from monitor.session import commands
from monitor.ward import Ward


def router(ward: Ward, executor: CommandExecutor) -> APIRouter:
    """The alarms of `ward`."""
    routes = APIRouter(prefix="/alarms", tags=["alarms"])
    _add_reads(routes, ward)
    _add_brief(routes, ward)
    _add_commands(routes, ward, executor)
    return routes


def _add_reads(routes: APIRouter, ward: Ward) -> None:
    @routes.get("", response_model=Page[Alarm])
    async def list_alarms(
        state: Annotated[
            Literal["open", "active", "latched", "ended"],
            Query(description="Only in this state; `open` is all but ended.", examples=["open"]),
        ] = "open",
        bed: OfBed = None,
        after: After = 0,
        limit: Limit = 100,
    ) -> Any:
        """Alarms: those open now, or with `state=ended` those that have ended, oldest first.

        Pages are of endings: an alarm that was raised again is listed once a page, as it ended
        last, and not while it is open.
        """
        if state == "ended":
            ended = await ward.journal.events(after, limit, bed=bed, types=ALARM_ENDINGS)
            last = {stored.event.subject: stored.seq for stored in ended}
            items = [
                stored.event.payload["alarm"]
                for stored in ended
                if stored.seq == last[stored.event.subject]
                and not _is_open(ward, str(stored.event.subject))
            ]
            return event_page(ended, limit, items)
        found = [
            alarm
            for runner in ward.bed_runners.values()
            if bed in (None, runner.id)
            for alarm in runner.alarms()
            if state in ("open", alarm["state"])
        ]
        return {"items": found, "next": None}


def _add_brief(routes: APIRouter, ward: Ward) -> None:
    @routes.get("/brief", response_model=Page[AlarmInBrief])
    async def list_alarms_in_brief() -> Any:
        """What is open at which bed, for who has not signed in: nothing of patient or nurse."""
        found = [
            {name: alarm[name] for name in AlarmInBrief.model_fields}
            for runner in ward.bed_runners.values()
            for alarm in runner.alarms()
        ]
        return {"items": found, "next": None}


def _is_open(ward: Ward, alarm_id: str) -> bool:
    found = ward.alarm(alarm_id)
    return found is not None and found[1].is_open


def _taken_at(ward: Ward, alarm_id: str, display: str | None) -> tuple[str | None, bool]:
    """The screen at which an alarm is taken, and whether it sounds there; None if unknown."""
    found = ward.alarm(alarm_id)
    if found is None or display is None:
        return None, False
    return ward.displays.taken_at(display, found[1], ward.clock.now().mono) or (None, False)


def _add_commands(routes: APIRouter, ward: Ward, executor: CommandExecutor) -> None:
    async def run_on_alarm(
        alarm: str, request: Request, key: str | None, command: commands.Command
    ) -> Response:
        def content() -> Any:
            found = ward.alarm(alarm)
            return None if found is None else found[1].as_json()

        def prepare() -> PendingCommand:
            if (found := ward.alarm(alarm)) is None:
                raise ProblemError(404, f"no alarm {alarm} is open at any bed")
            return PendingCommand(found[0], command, content)

        return await executor.execute(request, key, prepare)

    @routes.post("/{alarm}/acknowledge", response_model=Alarm, responses=COMMAND_ERRORS)
    async def acknowledge_alarm(
        alarm: AlarmId, body: AcknowledgeAlarm, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Acknowledge an alarm. It stays until its condition ends; a latched one ends.

        A latching one that was acknowledged while it was active is acknowledged again then.
        """
        station, sounded = _taken_at(ward, alarm, body.display)
        command = commands.Acknowledge(alarm, body.by, body.note, station, sounded)
        return await run_on_alarm(alarm, request, key, command)

    @routes.post("/{alarm}/unacknowledge", response_model=Alarm, responses=COMMAND_ERRORS)
    async def unacknowledge_alarm(
        alarm: AlarmId, body: UnacknowledgeAlarm, request: Request, key: IdempotencyKey = None
    ) -> Any:
        """Take an acknowledgement back: the alarm calls again.

        That of an alarm's end cannot be taken back.
        """
        command = commands.Unacknowledge(alarm, body.by, body.note)
        return await run_on_alarm(alarm, request, key, command)
