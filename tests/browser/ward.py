"""A ward that a test writes: a real HTTP server with the page and the API's contract.

It judges nothing. It is for states that are hard to reach with a running daemon: a held alarm,
a stream that is cut, a broker that is gone.
"""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Self

import uvicorn
from fastapi import FastAPI, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from starlette.types import Scope

from alerts.alarm.lifecycle import ALARM_ENDINGS
from api.page import PageFiles
from drivers.clock import Clock, rfc3339
from tests.browser.beds import BedAt
from tests.patience import HOPELESS_S

POLICY = "default-src 'self'; img-src 'self' data:"
START = datetime(2026, 1, 5, 14, 32, 20, tzinfo=UTC)
HEARTBEAT_S = 5.0

Json = dict[str, Any]


class Page(PageFiles):
    """The page, under the policy it has to live with."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Content-Security-Policy"] = POLICY
        return response


class Ward:
    """What the server answers, and what a test can make happen.

    Its time stands still, however long a busy machine takes for a test; with `speed` it passes.
    """

    def __init__(self, *, speed: float | None = None) -> None:
        self.speed = speed
        self._clock = Clock(speed or 1.0, start=START)
        self.beds: dict[str, Json] = {}
        self.trends: dict[str, list[Json]] = {}
        self.history: list[Json] = []
        self.events: list[Json] = []
        self.links: list[Json] = []
        self.waves_asked: list[list[str]] = []
        self.announced: dict[str, Json] = {}
        self.acknowledged: list[Json] = []
        self.given_back: list[Json] = []
        self.refusal: Json | None = None
        self.seq = 1040
        self.mqtt: Json = {
            "reason": None,
            "configured": True,
            "connected": True,
            "since": rfc3339(START),
            "waiting": 0,
        }
        self.failing_since: str | None = None
        self.up = True
        self._streams: list[asyncio.Queue[str | None]] = []
        self._opened = asyncio.Condition()

    @property
    def now(self) -> datetime:
        return self._clock.now().wall if self.speed else START

    def bed(self, bed_id: str) -> BedAt:
        """An empty bed to describe, at the ward's present."""
        return BedAt(bed_id, self.now)

    def put(self, *beds: BedAt) -> None:
        """Have these beds, silently."""
        for bed in beds:
            self.beds[bed.id] = bed.as_json()
            if bed.session:
                self.trends[bed.session["id"]] = list(bed.trend)
            self.history += [alarm for alarm in bed.alarms if alarm["state"] == "ended"]

    def status(self) -> Json:
        return {
            "site": "clinic-1",
            "boot": "boot-1",
            "now": rfc3339(self.now),
            "simulated": self.speed is not None,
            "speed": self.speed or 1.0,
            "mqtt": self.mqtt,
            "journal": {"failing_since": self.failing_since, "reason": None, "seq": self.seq},
            "displays": len(self._streams),
            "alarm_displays": list(self.announced.values()),
        }

    def say(self, event: str, data: Json, event_id: int | None = None) -> None:
        """Send one event to every open stream."""
        lines = [] if event_id is None else [f"id: {event_id}"]
        lines += [f"event: {event}", f"data: {json.dumps(data)}", "", ""]
        for stream in self._streams:
            stream.put_nowait("\n".join(lines))

    def say_status(self) -> None:
        self.say("status", self.status())

    def say_vitals(self, bed: BedAt) -> None:
        """New vitals of a bed, from now on also in what is fetched."""
        self.put(bed)
        self.say("vitals", {"bed": bed.id, "at": rfc3339(self.now), "vitals": bed.vitals})

    def say_event(self, bed: BedAt, event: str, kind: str, payload: Json | None = None) -> None:
        """A journal event, with the bed as it is after it."""
        self.put(bed)
        self.seq += 1
        data = {
            "seq": self.seq,
            "id": f"event-{self.seq}",
            "bed": bed.id,
            "session": bed.session and bed.session["id"],
            "type": kind,
            "at": rfc3339(self.now),
            "payload": payload or {},
        }
        self.events.append(data)
        self.say(event, data, self.seq)

    def say_alarm(self, bed: BedAt, kind: str = "alarm.raised") -> None:
        """The bed's newest alarm, raised or changed."""
        self.say_event(bed, "alarm", kind, {"alarm": bed.alarms[-1]})

    def cut(self) -> None:
        """End every stream and refuse all requests until `mend`."""
        self.up = False
        for stream in self._streams:
            stream.put_nowait(None)

    def mend(self) -> None:
        self.up = True

    async def watched(self) -> None:
        """Wait until a page has the stream open."""
        async with asyncio.timeout(HOPELESS_S), self._opened:
            await self._opened.wait_for(lambda: self._streams)

    async def asked(self, *waves: list[str]) -> None:
        """Wait until streams with just these waves have been opened, one after the other."""
        async with asyncio.timeout(HOPELESS_S), self._opened:
            await self._opened.wait_for(lambda: self.waves_asked == list(waves))

    async def stream(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._streams.append(queue)
        async with self._opened:
            self._opened.notify_all()
        try:
            yield ": open\n\n"
            while True:
                try:
                    async with asyncio.timeout(HEARTBEAT_S):
                        text = await queue.get()
                except TimeoutError:
                    text = f"event: status\ndata: {json.dumps(self.status())}\n\n"
                if text is None:
                    return
                yield text
        finally:
            self._streams.remove(queue)

    def acknowledge(self, alarm_id: str, by: str, note: str | None) -> Json:
        """Mark one alarm as taken. Raises `KeyError` if no bed has it."""
        at = rfc3339(self.now)
        taken = self._mark(
            alarm_id,
            {"acknowledged": True, "acknowledged_by": by, "acknowledged_at": at, "note": note},
        )
        self.acknowledged.append({"alarm": alarm_id, "by": by, "note": note})
        return taken

    def unacknowledge(self, alarm_id: str, by: str, note: str | None) -> Json:
        """Mark one alarm as given back. Raises `KeyError` if no bed has it."""
        nobody = dict.fromkeys(("acknowledged_by", "acknowledged_at", "note"))
        given_back = self._mark(alarm_id, {"acknowledged": False, **nobody})
        self.given_back.append({"alarm": alarm_id, "by": by, "note": note})
        return given_back

    def _mark(self, alarm_id: str, change: Json) -> Json:
        for alarms in [bed["alarms"] for bed in self.beds.values()]:
            for n, alarm in enumerate(alarms):
                if alarm["id"] == alarm_id:
                    alarms[n] = alarm | change
                    return dict(alarms[n])
        raise KeyError(alarm_id)

    def pause_audio(self, bed_id: str, by: str) -> Json:
        """Quiet a bed for two minutes."""
        until = rfc3339(self.now + timedelta(seconds=120))
        self.beds[bed_id]["audio"] = {"paused_until": until, "by": by}
        return dict(self.beds[bed_id]["audio"])


def problem(status: int, title: str, detail: str) -> JSONResponse:
    body = {"type": "about:blank", "title": title, "detail": detail, "status": status}
    return JSONResponse(body, status, media_type="application/problem+json")


def application(server: "Server") -> FastAPI:
    """The API's contract over the server's ward, and the page."""
    app = FastAPI()

    @app.middleware("http")
    async def refuse_while_cut(request: Request, proceed: Any) -> Response:
        if not server.ward.up and request.url.path.startswith("/api/"):
            return problem(503, "Not available", "cut by the test")
        response: Response = await proceed(request)
        return response

    @app.get("/api/v1/status")
    def status() -> Json:
        return server.ward.status()

    @app.get("/api/v1/beds")
    def beds() -> Json:
        return {"items": list(server.ward.beds.values()), "next": None}

    @app.get("/api/v1/beds/{bed}")
    def bed(bed: str) -> Json:
        return server.ward.beds[bed]

    @app.get("/api/v1/events")
    def events(
        session: str, type: Annotated[list[str] | None, Query()] = None, after: int = 0
    ) -> Json:
        if type is None:
            known = server.ward.events
            items = [one for one in known if one["session"] == session and one["seq"] > after]
            return {"items": items, "next": None}
        assert set(type) == ALARM_ENDINGS | {"note.added"}
        ended = [alarm for alarm in server.ward.history if alarm["session"] == session]
        return {"items": [{"payload": {"alarm": alarm}} for alarm in ended], "next": None}

    @app.get("/api/v1/sessions/{session}/readings")
    def readings(
        session: str,
        vital: str,
        points: int,
        start: Annotated[str | None, Query(alias="from")] = None,
        to: str | None = None,
    ) -> Json:
        return {"vital": vital, "unit": "%", "points": server.ward.trends[session]}

    @app.get("/api/v1/access")
    def access() -> Json:
        nobody: Json = {"person": None, "station": False, "people": [], "lock_after_s": 120}
        return nobody | {"sign_in": "none"}

    @app.get("/api/v1/beds/{bed}/devices")
    def devices(bed: str) -> Json:
        return {"items": server.ward.links, "next": None}

    @app.get("/api/v1/sessions")
    def sessions(bed: str, limit: int) -> Json:
        session = server.ward.beds[bed]["session"]
        return {"items": [session] if session else [], "next": None}

    @app.get("/api/v1/stream")
    def stream(
        waveform: Annotated[list[str] | None, Query()] = None, after: int = 0
    ) -> StreamingResponse:
        server.ward.waves_asked.append(waveform or [])
        return StreamingResponse(server.ward.stream(), media_type="text/event-stream")

    @app.post("/api/v1/displays")
    def announce_display(body: Json) -> Json:
        server.ward.announced[body["id"]] = body
        return {"items": list(server.ward.announced.values()), "next": None}

    @app.post("/api/v1/displays/{display}/close")
    def close_display(display: str) -> Json:
        server.ward.announced.pop(display, None)
        return {"items": [], "next": None}

    @app.post("/api/v1/alarms/{alarm}/acknowledge")
    def acknowledge(alarm: str, body: Json) -> Response:
        if server.ward.refusal:
            return problem(**server.ward.refusal)
        return JSONResponse(server.ward.acknowledge(alarm, body["by"], body["note"]))

    @app.post("/api/v1/alarms/{alarm}/unacknowledge")
    def unacknowledge(alarm: str, body: Json) -> Json:
        return server.ward.unacknowledge(alarm, body["by"], body["note"])

    @app.post("/api/v1/beds/{bed}/audio-pause")
    def audio_pause(bed: str, body: Json) -> Response:
        if server.ward.refusal:
            return problem(**server.ward.refusal)
        return JSONResponse(server.ward.pause_audio(bed, body["by"]))

    app.mount("/", Page())
    return app


class Server:
    """A ward on a free loopback port, within an `async with`; it can be changed for another."""

    def __init__(self, ward: Ward) -> None:
        self.ward = ward
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._uvicorn = uvicorn.Server(
            uvicorn.Config(application(self), log_level="warning", lifespan="off")
        )
        self._serving: asyncio.Task[None] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._socket.getsockname()[1]}/"

    async def __aenter__(self) -> Self:
        self._serving = asyncio.create_task(self._uvicorn.serve(sockets=[self._socket]))
        return self

    async def __aexit__(self, *_: object) -> None:
        self.ward.cut()
        self._uvicorn.should_exit = True
        if self._serving:
            await self._serving
        self._socket.close()
