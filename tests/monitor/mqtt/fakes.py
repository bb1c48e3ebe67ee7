"""A client without a broker, and a ward without beds: the test says what there is."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiomqtt import MqttError

from drivers.clock import Clock

PREFIX = "postdose/clinic-1"


@dataclass
class FakeWard:
    """What the publisher may ask; the test says what there is."""

    vitals_of: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    session_of: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    alarms: dict[str, Mapping[str, Any]] = field(default_factory=dict)

    def beds(self) -> list[str]:
        return ["bed-1", "bed-2"]

    def vitals(self, bed: str) -> Mapping[str, Any] | None:
        return self.vitals_of.get(bed)

    def session_state(self, bed: str) -> Mapping[str, Any] | None:
        return self.session_of.get(bed)

    def open_alarms(self) -> list[Mapping[str, Any]]:
        return list(self.alarms.values())


class FakeClient:
    """Takes messages as aiomqtt's client does, topics below the prefix.

    `sent` are those that came, `acknowledged` those that the broker has answered: at once,
    or while `holds` when the test calls `acknowledge`. `expires_s` is the expiry of the last
    one under each topic.
    """

    def __init__(self) -> None:
        self.sent: list[tuple[str, Any, int, bool]] = []
        self.holds = False
        self.broken = False
        self.max_packet: int | None = None
        self.expires_s: dict[str, float] = {}
        self._held: list[tuple[str, asyncio.Future[None]]] = []

    def expiry(self, after_s: float) -> tuple[float]:
        return (after_s,)

    async def publish(
        self, topic: str, payload: Any, qos: int, retain: bool, *expiry: float
    ) -> None:
        if self.broken:
            raise MqttError("the line is cut")
        assert topic.startswith(f"{PREFIX}/")
        name = topic.removeprefix(f"{PREFIX}/")
        for after_s in expiry:
            self.expires_s[name] = after_s
        text = payload if isinstance(payload, str) else ""
        self.sent.append((name, json.loads(text) if text.startswith("{") else payload, qos, retain))
        if self.holds:
            answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._held.append((name, answer))
            await answer

    def acknowledge(self, number: int) -> None:
        """The broker acknowledges the message of that number among those it holds, from 0."""
        _, answer = self._held[number]
        answer.set_result(None)

    def under(self, topic: str) -> list[Any]:
        """The payloads that came under `topic`."""
        return [payload for name, payload, _, _ in self.sent if name == topic]


async def settle() -> None:
    """Let everything run that can run without time passing."""
    clock = Clock()
    for _ in range(50):
        await clock.sleep(0)
