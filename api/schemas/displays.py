"""Alarm displays: what a page says of itself, and which are there."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.fields import ShortText, described
from api.schemas.model import Request, Response

Sound = Literal["on", "blocked", "muted"]
Key = Annotated[str, Field(min_length=1, max_length=64)]


class ShownAlarm(Request):
    """An alarm that a display shows."""

    id: Key = described("The alarm's id.", "b1a3c2d4-e5f6-5071-8293-a4b5c6d7e8f9")
    count: int = described("How often it had been raised by then.", 1)
    sounds: bool = described("Whether the display sounds it.", True, default=False)


class AnnounceDisplay(Request):
    """What a page shows as an alarm display, after it was painted."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "9b1c7f3e52a04d18",
                    "stream": "5e0c3b1a9f7d4e62",
                    "station": "Desk",
                    "beds": ["bed-1"],
                    "sound": "on",
                    "visible": True,
                    "alarms": [{"id": "b1a3c2d4-e5f6-5071-8293-a4b5c6d7e8f9", "count": 1}],
                }
            ]
        }
    )

    id: Key = described("Made up by the page, anew each time it is loaded.", "9b1c7f3e52a04d18")
    stream: Key = described(
        "The `name` of the live stream that it hears; without one it is no display.",
        "5e0c3b1a9f7d4e62",
    )
    station: ShortText = described("What people call the place.", "Desk")
    beds: Annotated[list[Key], Field(max_length=500)] | None = described(
        "The beds that it shows; null for all.", ["bed-1"], default=None
    )
    sound: Sound = described(
        "Whether it can be heard: `blocked` by its browser until it is touched, or `muted`.", "on"
    )
    visible: bool = described("Whether it can be seen: not as a tab behind another.", True)
    alarms: Annotated[list[ShownAlarm], Field(max_length=500)] = described(
        "The alarms of high and medium priority that it has painted.", default=[]
    )


class AlarmDisplay(Response):
    """A display that is there."""

    id: str = described("Its id.", "9b1c7f3e52a04d18")
    station: str = described("What people call the place.", "Desk")
    beds: list[str] | None = described("The beds that it shows; null for all.", ["bed-1"])
    sound: Sound = described("Whether it can be heard.", "on")
    visible: bool = described("Whether it can be seen; if not it shows and sounds nothing.", True)
    shown: list[str] = described("Ids of the alarms that it shows.", [])
    sounding: list[str] = described("Ids of those that it sounds.", [])
