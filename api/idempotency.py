"""Carrying out a command: once, and answered only when it is durable.

A command may carry `Idempotency-Key`. The answer is then stored in the same transaction
as the command's events, and the same request with the same key gets the same answer and
does nothing again.
"""

import asyncio
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final, Protocol

from fastapi import Header, Request, Response

from api.problems import ProblemError
from monitor.journal import Receipt
from monitor.ward import Ward

STORE_S: Final = 10.0
"""How long a person waits for the journal before being told that it is not storing."""

Key = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Makes a repeated request harmless: the same key gets the same answer.",
    ),
]


Stored = asyncio.Future[list[Any]]
"""Done when a command's events are durable."""


class Taker(Protocol):
    """Takes commands: a bed's keeper, or the desk where something is written down."""

    def command(self, command: Any, receipt: Callable[[], Receipt | None], /) -> Stored:
        """Carry out `command`; done when its events are durable, and `receipt` with them."""


@dataclass(frozen=True, slots=True)
class Order:
    """What to do, where, and what to answer when it is done."""

    keeper: Taker
    command: Any
    answer: Callable[[], Any]
    status: int = 200


class Carrier:
    """Carries out the commands of one application."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self._under_way: set[str] = set()

    async def carry(
        self, request: Request, key: str | None, order: Callable[[], Order]
    ) -> Response:
        """Carry out what `order` says; the response holds its answer.

        `order` is asked when it is sure that the request is not a repeated one, in the same
        moment in which it is carried out. Raises `Refused`, `ProblemError`, `StoreError`.
        """
        if key is None:
            return await self._answered(*self._start(order(), None))
        if key in self._under_way:
            raise ProblemError(409, "a request with this Idempotency-Key is still under way")
        self._under_way.add(key)
        stored: Stored | None = None
        try:
            fingerprint = await _fingerprint(request)
            if (known := await self._ward.journal.find_receipt(key)) is not None:
                return _again(known, fingerprint)
            stored, response = self._start(order(), (key, fingerprint))
            return await self._answered(stored, response)
        finally:
            if stored is None or stored.done():
                self._under_way.discard(key)
            else:
                stored.add_done_callback(lambda _: self._under_way.discard(key))

    @staticmethod
    def _start(order: Order, key: tuple[str, str] | None) -> tuple[Stored, Response]:
        """Hand the command on; when it is stored, and the response for then."""
        body = ""

        def receipt() -> Receipt | None:
            nonlocal body
            body = json.dumps(order.answer(), ensure_ascii=False, separators=(",", ":"))
            return None if key is None else Receipt(*key, order.status, body)

        stored = order.keeper.command(order.command, receipt)
        return stored, Response(body, order.status, media_type="application/json")

    @staticmethod
    async def _answered(stored: Stored, response: Response) -> Response:
        try:
            async with asyncio.timeout(STORE_S):
                await asyncio.shield(stored)
        except TimeoutError as error:
            raise ProblemError(
                503,
                "accepted, but not stored yet: the journal is failing. It will be stored when "
                "the database answers again; write it down until then",
            ) from error
        return response


async def _fingerprint(request: Request) -> str:
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode())
    digest.update(await request.body())
    return digest.hexdigest()


def _again(known: Receipt, fingerprint: str) -> Response:
    if known.fingerprint != fingerprint:
        raise ProblemError(422, "this Idempotency-Key was used for another request; take a new one")
    headers = {"Idempotent-Replayed": "true"}
    return Response(known.body, known.status, headers, media_type="application/json")
