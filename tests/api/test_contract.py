"""Requests made up from the OpenAPI document, sensible and not: every answer is as it declares."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import create_app
from tests.lengths import length
from tests.virtual import VirtualLoop
from tests.wards import SimulatedWard, simulated_ward

HOST: Final = "http://localhost"
CHECKS: Final[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
EXAMPLES: Final = length(3, 200)
"""How many sensible requests each route gets, and how many others."""


class Client:
    """Sends made-up requests to a ward whose time passes only meanwhile."""

    def __init__(self, loop: VirtualLoop, ward: SimulatedWard, known: dict[str, str]) -> None:
        self._loop = loop
        self._known = known
        self._turn = count()
        app = create_app(ward.ward, version="test")
        transport = httpx.ASGITransport(_until_first_part(app), raise_app_exceptions=False)
        self._http = httpx.AsyncClient(transport=transport, base_url=HOST)

    def get(self, path: str) -> Any:
        """The JSON at `path`."""
        return self._loop.run_until_complete(self._http.get(path)).json()

    def check(self, case: Case[Any]) -> None:
        """Send it, every other time about what there is, and compare the answer."""
        if next(self._turn) % 2:
            about = case.path_parameters.keys() & self._known.keys()
            case.path_parameters.update({name: self._known[name] for name in about})
        case.validate_response(self.send(case), checks=CHECKS)

    def send(self, case: Case[Any]) -> httpx.Response:
        """The answer to it."""
        said = case.as_transport_kwargs(base_url=HOST)
        names = ("method", "url", "headers", "params", "json", "data", "cookies")
        request = requests.Request(**{name: said.get(name) for name in names}).prepare()
        headers = [
            (name.encode(), str(value).encode("latin-1")) for name, value in request.headers.items()
        ]
        body: Any = request.body
        return self._loop.run_until_complete(
            self._http.request(str(request.method), str(request.url), headers=headers, content=body)
        )


def _until_first_part(app: ASGIApp) -> ASGIApp:
    """The application, whose answers end with their first part: a stream has no last one."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        sent = []

        async def send_part(message: Message) -> None:
            if "http.response.body" not in sent:
                sent.append(message["type"])
                await send({**message, "more_body": False})
            if message.get("more_body"):
                answering.cancel()

        answering = asyncio.ensure_future(app(scope, receive, send_part))
        await asyncio.wait({answering})
        if not answering.cancelled():
            answering.result()

    return answer


async def _treat(ward: SimulatedWard) -> dict[str, str]:
    """Have a patient with a little of everything at the bed; what paths may name of it."""
    session = await ward.start(medicines=["benzodiazepine"])
    await ward.clock.sleep(120)
    await ward.dose(session)
    path = f"/sessions/{session}"
    await ward.score(session, "moaas", 5)
    for what, body in (
        ("symptoms", {"symptom": "nausea", "grade": 2}),
        ("observations", {"resp": 14, "temperature": 36.6}),
        ("pressures", {"sys": 132, "dia": 84}),
        ("notes", {"text": "calm"}),
        ("assignment", {"action": "take-over"}),
    ):
        await ward.post(f"{path}/{what}", body | {"by": "nurse.a"})
    ward.fault("oximeter", "unplugged", 7200)
    await ward.clock.sleep(120)
    alarm = next(iter((await ward.alarms()).values()))["id"]
    return {"bed": "bed-1", "session": session, "alarm": alarm, "patient": "P-017"}


@contextmanager
def _client(folder: Path) -> Iterator[Client]:
    loop = VirtualLoop()
    served: asyncio.Future[tuple[SimulatedWard, dict[str, str]]] = loop.create_future()
    over = asyncio.Event()

    async def serve() -> None:
        try:
            async with simulated_ward(folder) as ward:
                served.set_result((ward, await _treat(ward)))
                await over.wait()
        except BaseException as error:
            if served.done():
                raise
            served.set_exception(error)

    serving = loop.create_task(serve())
    try:
        yield Client(loop, *loop.run_until_complete(served))
    finally:
        over.set()
        loop.run_until_complete(serving)
        loop.close()


@pytest.mark.slow
def test_every_answer_is_as_declared(tmp_path: Path) -> None:
    usual: Any = settings(
        max_examples=EXAMPLES, database=None, suppress_health_check=list(HealthCheck)
    )
    with _client(tmp_path) as client:
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json"))
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            modes = [GenerationMode.POSITIVE]
            if operation.body or operation.query:
                modes.append(GenerationMode.NEGATIVE)
            for mode in modes:
                made_up: Any = given(operation.as_strategy(generation_mode=mode))
                usual(made_up(client.check))()
