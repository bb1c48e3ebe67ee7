"""Alarm displays over HTTP: a page says what it shows, and is told which others there are."""

from typing import Annotated, Any

from fastapi import APIRouter, Path

from api.parameters import Name
from api.problems import COMMAND_ERRORS, ProblemError
from api.schemas import Page
from api.schemas.displays import AlarmDisplay, AnnounceDisplay
from monitor.ward import Display, DisplaySound, NotADisplay, Ward

DisplayId = Annotated[
    Name, Path(max_length=64, description="Id of a display.", examples=["9b1c7f3e52a04d18"])
]


def router(ward: Ward) -> APIRouter:
    """The displays of `ward`."""
    routes = APIRouter(prefix="/displays", tags=["displays"])

    def there() -> Any:
        displays = ward.displays.present(ward.clock.now().mono)
        return {"items": [display.as_json() for display in displays], "next": None}

    @routes.post("", response_model=Page[AlarmDisplay], responses=COMMAND_ERRORS)
    async def announce_display(body: AnnounceDisplay) -> Any:
        """Say what a display shows: when that has changed, and every ten seconds.

        It answers which displays there are. One is gone 30 s after it last said so, or with
        its stream.
        """
        try:
            ward.displays.announce(_display(body), ward.clock.now().mono)
        except NotADisplay as error:
            raise ProblemError(409, str(error)) from error
        return there()

    @routes.post("/{display}/close", response_model=Page[AlarmDisplay], responses=COMMAND_ERRORS)
    async def close_display(display: DisplayId) -> Any:
        """A display is closed; it answers which are left."""
        ward.displays.leave(display)
        return there()

    return routes


def _display(body: AnnounceDisplay) -> Display:
    sound, shown = DisplaySound(body.sound), body.alarms if body.visible else []
    is_heard = sound is DisplaySound.ON
    return Display(
        id=body.id,
        stream=body.stream,
        station=body.station,
        beds=None if body.beds is None else frozenset(body.beds),
        sound=sound,
        visible=body.visible,
        shown=frozenset((alarm.id, alarm.count) for alarm in shown),
        sounding=frozenset((alarm.id, alarm.count) for alarm in shown if alarm.sounds and is_heard),
    )
