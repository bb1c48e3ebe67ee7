"""Messages go out on the connection that there is, and a failed one ends it."""

import asyncio
from contextlib import suppress
from typing import Any, cast

import pytest
from aiomqtt import MqttError

from monitor.mqtt.client import BrokerClient, RefusedError
from monitor.mqtt.sender import Sender, cancellable
from tests.monitor.mqtt.fakes import PREFIX, FakeClient, settle


def client_of(fake: FakeClient) -> BrokerClient:
    return cast(BrokerClient, fake)


async def test_a_message_goes_below_the_prefix_and_a_mapping_as_compact_json() -> None:
    sent: list[tuple[Any, ...]] = []

    class Recorder(FakeClient):
        async def publish(self, *message: Any) -> None:
            sent.append(message)

    sender = Sender(PREFIX)
    with sender.connected(client_of(Recorder())):
        await sender.publish("bed-1/event", {"text": "ü", "seq": 1})
        await sender.publish("status", "online", retain=True)
        await sender.publish("bed-1/vitals", None, qos=0)
    assert sent == [
        (f"{PREFIX}/bed-1/event", '{"text":"ü","seq":1}', 1, False),
        (f"{PREFIX}/status", "online", 1, True),
        (f"{PREFIX}/bed-1/vitals", None, 0, False),
    ]
    assert sender.published == 3


async def test_a_message_counts_once_it_is_acknowledged() -> None:
    sender, fake = Sender(PREFIX), FakeClient()
    fake.holds = True
    with sender.connected(client_of(fake)):
        sender.post(sender.publish("status", "online"))
        await settle()
        assert (len(fake.sent), sender.published) == (1, 0)
        fake.acknowledge(0)
        await settle()
        assert sender.published == 1


async def test_without_a_connection_nothing_can_be_published() -> None:
    sender, fake = Sender(PREFIX), FakeClient()
    with pytest.raises(MqttError, match="no connection"):
        await sender.publish("status", "online")
    with sender.connected(client_of(fake)):
        pass
    with pytest.raises(MqttError, match="no connection"):
        await sender.publish("status", "online")
    with pytest.raises(MqttError, match="no connection"):
        await sender.wait_for_failure()
    assert (fake.sent, sender.published) == ([], 0)


async def test_a_posted_message_that_fails_is_what_ends_the_connection() -> None:
    sender, fake = Sender(PREFIX), FakeClient()
    with sender.connected(client_of(fake)):
        waiting = asyncio.ensure_future(sender.wait_for_failure())
        sender.post(sender.publish("status", "online"))
        await settle()
        assert not waiting.done()
        fake.broken = True
        sender.post(sender.publish("status", "online"))
        sender.post(sender.publish("status", "online"))
        with pytest.raises(MqttError, match="the line is cut"):
            await waiting


async def test_what_failed_on_one_connection_does_not_end_the_next() -> None:
    sender, broken, sound = Sender(PREFIX), FakeClient(), FakeClient()
    broken.broken = True
    with sender.connected(client_of(broken)):
        sender.post(sender.publish("status", "online"))
        with pytest.raises(MqttError):
            await sender.wait_for_failure()
    with sender.connected(client_of(sound)):
        waiting = asyncio.ensure_future(sender.wait_for_failure())
        await settle()
        assert not waiting.done()
        waiting.cancel()


async def test_what_is_under_way_when_the_connection_ends_is_not_sent_on_the_next() -> None:
    sender, first, second = Sender(PREFIX), FakeClient(), FakeClient()
    first.holds = True

    async def send_two() -> None:
        await sender.publish("bed-1/event", {"seq": 1})
        await sender.publish("bed-1/event", {"seq": 2})

    with sender.connected(client_of(first)):
        sender.post(send_two())
        await settle()
    with sender.connected(client_of(second)):
        await settle()
    assert first.under("bed-1/event") == [{"seq": 1}]
    assert second.sent == []


class Refusing(FakeClient):
    """Refuses the topics, below the prefix, that the test names."""

    def __init__(self) -> None:
        super().__init__()
        self.refused: set[str] = set()

    async def publish(self, topic: str, *message: Any) -> None:
        if topic.removeprefix(f"{PREFIX}/") in self.refused:
            raise RefusedError("not authorized")
        await super().publish(topic, *message)


async def test_what_is_refused_is_named_until_it_is_taken_alarms_first() -> None:
    sender, fake = Sender(PREFIX), Refusing()
    topics = ["a/event", "b/event", "c/event", "a/session", "a/alarm/1", "a/alarm/2"]
    with sender.connected(client_of(fake)):
        said = [sender.refusal]
        fake.refused = set(topics)
        for topic in topics:
            with pytest.raises(RefusedError):
                await sender.publish(topic, "x")
        said.append(sender.refusal)
        fake.refused = set()
        for topic in ["b/event", "c/event", "a/session", "a/alarm/3", "a/alarm/1"]:
            await sender.publish(topic, "x")
        said.append(sender.refusal)
        sender.give_up("a/alarm/2")
        said.append(sender.refusal)
        await sender.publish("a/event", "x")
        said.append(sender.refusal)
    named = ", ".join(f"{PREFIX}/{kind}" for kind in ("a/alarm/+", "a/event", "b/event"))
    assert said == [
        None,
        f"refuses {named} and 2 more: not authorized",
        f"refuses {PREFIX}/a/alarm/+, {PREFIX}/a/event: not authorized",
        f"refuses {PREFIX}/a/event: not authorized",
        None,
    ]
    assert sender.published == 6


async def test_a_refused_message_does_not_end_the_connection_of_one_that_waits_for_it() -> None:
    sender, fake = Sender(PREFIX), Refusing()
    fake.refused = {"status"}
    with sender.connected(client_of(fake)):
        waiting = asyncio.ensure_future(sender.wait_for_failure())
        with pytest.raises(RefusedError):
            await sender.publish("status", "online")
        await settle()
        assert not waiting.done()
        waiting.cancel()


async def test_a_cancellation_that_comes_with_the_answer_is_not_forgotten() -> None:
    async def swallows_its_cancellation() -> None:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    task = asyncio.ensure_future(cancellable(swallows_its_cancellation()))
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
