"""Carries out a command once, and answers only when its events are durable.

A command may carry `Idempotency-Key`. The response is then stored in the same transaction
as the command's events: the same request with the same key gets the same response and
does nothing again. What a command means is not known here.
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

STORE_TIMEOUT_S: Final = 10.0
"""How long a person waits for the journal before being told that it is not storing."""

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Makes a repeated request harmless: the same key gets the same response.",
        examples=["3f1c8a52-0b1e-4b7a-9c55-6a3d0e2f7b10"],
    ),
]

Commit = asyncio.Future[list[Any]]
"""Done when a command's events are durable."""


class CommandHandler(Protocol):
    """Where commands go: a bed, a form, or a patient's course."""

    def command(self, command: Any, receipt: Callable[[], Receipt | None], /) -> Commit:
        """Carry out `command`; done when its events are durable, and `receipt` with them."""


@dataclass(frozen=True, slots=True)
class PendingCommand:
    """A command, where it goes, and what the response holds when it is done."""

    handler: CommandHandler
    command: Any
    content: Callable[[], Any]
    status: int = 200


class CommandExecutor:
    """Carries out the commands of one application."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward
        self._in_progress: set[str] = set()

    async def execute(
        self, request: Request, key: str | None, prepare: Callable[[], PendingCommand]
    ) -> Response:
        """Carry out the command that `prepare` gives; the response holds its content.

        `prepare` is called when it is sure that the request is not a repeated one, in the
        same moment in which the command is carried out. Raises `Refused`, `ProblemError`,
        `StoreError`.
        """
        if key is None:
            return await self._when_durable(*self._start(prepare(), None))
        if key in self._in_progress:
            detail = "a request with this Idempotency-Key is still under way"
            raise ProblemError(409, detail, code="under-way")
        self._in_progress.add(key)
        commit: Commit | None = None
        try:
            fingerprint = await _fingerprint(request)
            if (receipt := await self._ward.journal.find_receipt(key)) is not None:
                return _replayed(receipt, fingerprint)
            commit, response = self._start(prepare(), (key, fingerprint))
            return await self._when_durable(commit, response)
        finally:
            if commit is None or commit.done():
                self._in_progress.discard(key)
            else:
                commit.add_done_callback(lambda _: self._in_progress.discard(key))

    @staticmethod
    def _start(pending: PendingCommand, key: tuple[str, str] | None) -> tuple[Commit, Response]:
        """Hand the command on; its commit, and the response for when that is done."""
        body = ""

        def receipt() -> Receipt | None:
            nonlocal body
            body = json.dumps(pending.content(), ensure_ascii=False, separators=(",", ":"))
            return None if key is None else Receipt(*key, pending.status, body)

        commit = pending.handler.command(pending.command, receipt)
        return commit, Response(body, pending.status, media_type="application/json")

    @staticmethod
    async def _when_durable(commit: Commit, response: Response) -> Response:
        try:
            async with asyncio.timeout(STORE_TIMEOUT_S):
                await asyncio.shield(commit)
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


def _replayed(receipt: Receipt, fingerprint: str) -> Response:
    if receipt.fingerprint != fingerprint:
        raise ProblemError(422, "this Idempotency-Key was used for another request; take a new one")
    headers = {"Idempotent-Replayed": "true"}
    return Response(receipt.body, receipt.status, headers, media_type="application/json")
