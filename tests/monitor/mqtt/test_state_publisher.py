"""How things stand is published when it changes, again in time, and cleared when it is over."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from drivers.clock import Clock, parse_rfc3339
from monitor.journal import EventFeed, Journal
from monitor.mqtt.client import BrokerClient
from monitor.mqtt.retained_alarms import RetainedAlarms
from monitor.mqtt.sender import Sender
from monitor.mqtt.state_publisher import (
    CLEARED_CURSOR,
    KEEP_ENDED,
    LEAST_RETAINED_S,
    LOOK_AGAIN_S,
    REFRESH_S,
    STATE_VALID,
    VITALS_EVERY_S,
    VITALS_VALID_S,
    StatePublisher,
)
from tests.monitor.event_factories import EventFactory
from tests.monitor.mqtt.fakes import PREFIX, FakeClient, FakeWard, settle
from tests.virtual import virtual_clock, virtual_time

ALARM = {"id": "a-1", "bed": "bed-1", "rule": "spo2.very-low", "state": "active"}


@dataclass
class Bench:
    """A state publisher on a journal of its own."""

    journal: Journal
    clock: Clock
    ward: FakeWard
    sender: Sender
    states: StatePublisher
    bed: EventFactory

    async def store(self, change: str, alarm: str = "a-1") -> None:
        """Store an event of an alarm, of now."""
        at = self.clock.now().wall
        await self.journal.append([self.bed.alarm(change, alarm, at=at)])
        await settle()

    @asynccontextmanager
    async def connected(
        self, client: FakeClient, *work: Callable[[], Coroutine[Any, Any, None]]
    ) -> AsyncIterator[None]:
        """Follow the states through `client`, and do `work`, within the block."""
        with ExitStack() as stack:
            stack.enter_context(self.sender.connected(cast(BrokerClient, client)))
            stack.enter_context(self.states.following())
            tasks = [asyncio.ensure_future(each()) for each in work]
            await settle()
            yield
            for task in tasks:
                task.cancel()
        await settle()


@asynccontextmanager
async def bench(store: Path) -> AsyncIterator[Bench]:
    clock, ward, sender = virtual_clock(), FakeWard(), Sender(PREFIX)
    journal = Journal.open(f"sqlite:///{store}/postdose.db", clock=clock, inline=True)
    states = StatePublisher(
        sender,
        journal=journal,
        feed=EventFeed(journal),
        ward=ward,
        clock=clock,
        stamp={"boot": "boot-1"},
    )
    with states.tracking_storage():
        yield Bench(journal, clock, ward, sender, states, EventFactory())
    await journal.close()


def valid_for(state: dict[str, Any], clock: Clock) -> timedelta:
    return parse_rfc3339(state["valid_until"]) - clock.now().wall


@virtual_time()
async def test_an_alarm_is_retained_the_moment_it_is_stored(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        client = FakeClient()
        async with at.connected(client):
            await at.store("raised")
            ((topic, state, qos, retain),) = client.sent
            assert (topic, qos, retain) == ("bed-1/alarm/a-1", 1, True)
            assert (state["state"], state["durable"]) == ("active", True)
            assert (state["boot"], state["seq"]) == ("boot-1", 1)
            assert valid_for(state, at.clock) == STATE_VALID
            assert client.expires_s == {topic: STATE_VALID.total_seconds()}
            await at.store("ended")
            assert valid_for(client.sent[-1][1], at.clock) == KEEP_ENDED
            assert client.expires_s == {topic: KEEP_ENDED.total_seconds()}


@virtual_time()
async def test_an_alarm_is_not_durable_until_it_is_stored(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        client = FakeClient()
        async with at.connected(client):
            event = at.bed.alarm("raised", "a-1")
            at.states.publish_unstored(event)
            await settle()
            await at.journal.append([event])
            await settle()
    assert [state["durable"] for state in client.under("bed-1/alarm/a-1")] == [False, True]


@virtual_time()
async def test_an_alarm_raised_in_an_outage_is_told_after_it_as_not_durable_yet(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as at:
        at.ward.alarms = {"a-1": ALARM}
        at.states.publish_unstored(at.bed.alarm("raised", "a-1"))
        await settle()
        client = FakeClient()
        async with at.connected(client, at.states.refresh_all):
            (state,) = client.under("bed-1/alarm/a-1")
            assert state["durable"] is False


@virtual_time()
async def test_an_alarm_stored_in_an_outage_is_told_after_it_as_durable(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        at.ward.alarms = {"a-1": ALARM}
        event = at.bed.alarm("raised", "a-1")
        at.states.publish_unstored(event)
        await at.journal.append([event])
        await settle()
        client = FakeClient()
        async with at.connected(client, at.states.refresh_all):
            (state,) = client.under("bed-1/alarm/a-1")
            assert state["durable"] is True


@virtual_time()
async def test_every_state_is_told_again_before_it_is_out_of_date(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        at.ward.alarms = {"a-1": ALARM}
        at.ward.session_of = {"bed-1": {"id": "s-1"}}
        client = FakeClient()
        async with at.connected(client, at.states.refresh_all):
            assert {topic for topic, *_ in client.sent} == {
                "bed-1/alarm/a-1",
                "bed-1/session",
                "bed-2/session",
            }
            assert client.under("bed-2/session") == [None]
            client.sent.clear()
            await at.clock.sleep(REFRESH_S + 0.1)
            assert [topic for topic, *_ in client.sent] == [
                "status",
                "bed-1/alarm/a-1",
                "bed-1/session",
            ]
            assert STATE_VALID.total_seconds() > REFRESH_S


@virtual_time()
async def test_no_retained_word_outlives_the_daemon_that_renews_it(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        at.ward.alarms = {"a-1": ALARM}
        at.ward.session_of = {"bed-1": {"id": "s-1"}}
        at.ward.vitals_of = {"bed-1": {"spo2": {"value": 97}}}
        client = FakeClient()
        async with at.connected(client, at.states.refresh_all, at.states.publish_all_vitals):
            await at.states.publish_online()
            await at.clock.sleep(VITALS_EVERY_S)
            words = {topic for topic, payload, _, retain in client.sent if retain and payload}
            assert words == {"status", "bed-1/alarm/a-1", "bed-1/session", "bed-1/vitals"}
            assert client.expires_s.keys() == words
            assert client.expires_s.pop("bed-1/vitals") == VITALS_VALID_S
            assert min(client.expires_s.values()) > 2 * REFRESH_S


@virtual_time()
async def test_under_a_fast_clock_a_word_is_not_gone_before_it_is_renewed(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        at.clock.speed = 60
        client = FakeClient()
        async with at.connected(client):
            await at.states.publish_online()
            await at.store("ended")
    assert client.expires_s == {"status": LEAST_RETAINED_S, "bed-1/alarm/a-1": 60.0}


@virtual_time()
async def test_an_end_that_was_missed_is_told_unless_the_alarm_is_open_again(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as at:
        await at.store("raised")
        await at.store("ended")
        await at.store("ended", "a-2")
        at.ward.alarms = {"a-2": ALARM | {"id": "a-2"}}
        client = FakeClient()
        async with at.connected(client):
            for stored in await at.journal.events(0):
                await at.states.publish_missed_end(stored)
            assert [topic for topic, *_ in client.sent] == ["bed-1/alarm/a-1"]
            await at.store("ended", "a-3")
            (*_, last) = await at.journal.events(0)
            told = client.sent.copy()
            await at.states.publish_missed_end(last)
            assert client.sent == told


@virtual_time()
async def test_vitals_are_told_when_they_change_and_before_they_are_out_of_date(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as at:
        client = FakeClient()
        async with at.connected(client, at.states.publish_all_vitals):
            at.ward.vitals_of["bed-1"] = {"spo2": {"value": 97}}
            await at.clock.sleep(VITALS_EVERY_S + 0.1)
            ((topic, state, qos, retain),) = client.sent
            assert (topic, qos, retain) == ("bed-1/vitals", 0, True)
            assert state["vitals"] == {"spo2": {"value": 97}}
            await at.clock.sleep(VITALS_EVERY_S)
            assert len(client.sent) == 1
            at.ward.vitals_of["bed-1"] = {"spo2": {"value": 96}}
            await at.clock.sleep(VITALS_EVERY_S)
            assert len(client.sent) == 2
            await at.clock.sleep(VITALS_VALID_S)
            assert len(client.sent) >= 3


@virtual_time()
async def test_vitals_of_a_bed_that_joins_are_told_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as at:
        client = FakeClient()
        async with at.connected(client, at.states.publish_all_vitals):
            at.ward.vitals_of["bed-3"] = {"spo2": {"value": 97}}
            monkeypatch.setattr(at.ward, "beds", lambda: ["bed-1", "bed-2", "bed-3"])
            await at.clock.sleep(2 * VITALS_EVERY_S)
            assert [topic for topic, *_ in client.sent] == ["bed-3/vitals"]


@virtual_time()
async def test_an_ended_alarm_is_cleared_in_an_hour_once_the_broker_has_its_event(
    tmp_path: Path,
) -> None:
    acknowledged = [1]
    async with bench(tmp_path) as at:
        await at.store("raised")
        await at.store("ended")
        client = FakeClient()
        async with at.connected(client, lambda: at.states.clear_ended(lambda: acknowledged[0])):
            await at.clock.sleep(KEEP_ENDED.total_seconds() + LOOK_AGAIN_S)
            assert client.sent == []
            acknowledged[0] = 2
            await at.clock.sleep(LOOK_AGAIN_S)
            assert client.sent == [("bed-1/alarm/a-1", None, 1, True)]
            assert at.journal.cursor(CLEARED_CURSOR) == 2


@virtual_time()
async def test_an_alarm_raised_again_within_the_hour_is_not_cleared(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.store("raised")
        await at.store("ended")
        await at.store("re-raised")
        client = FakeClient()
        async with at.connected(client, lambda: at.states.clear_ended(lambda: 3)):
            await at.clock.sleep(KEEP_ENDED.total_seconds() + LOOK_AGAIN_S)
            assert client.sent == []
            assert at.journal.cursor(CLEARED_CURSOR) == 2


@virtual_time()
async def test_an_alarm_that_went_to_another_bed_is_cleared_at_the_first_alone(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as at:
        client, other = FakeClient(), EventFactory("bed-2")
        await at.store("raised")
        now = at.clock.now().wall
        moved = [at.bed.alarm("ended", "a-1", at=now), other.alarm("reopened", "a-1", at=now)]
        async with at.connected(client, lambda: at.states.clear_ended(lambda: 3)):
            await at.journal.append(moved)
            await settle()
            assert [state["state"] for state in client.under("bed-1/alarm/a-1")] == ["ended"]
            assert [state["state"] for state in client.under("bed-2/alarm/a-1")] == ["active"]
            await at.clock.sleep(KEEP_ENDED.total_seconds() + 2 * LOOK_AGAIN_S)
            assert client.under("bed-1/alarm/a-1")[-1] is None
            assert None not in client.under("bed-2/alarm/a-1")
        at.ward.alarms = {"a-1": ALARM | {"bed": "bed-2"}}
        found = RetainedAlarms(at.journal, at.states, at.ward.open_alarms)
        for topic in ("bed-1/alarm/a-1", "bed-2/alarm/a-1"):
            found.found(topic)
        client = FakeClient()
        async with at.connected(client, found.settle):
            assert client.under("bed-1/alarm/a-1") == [None]
            assert client.under("bed-2/alarm/a-1") == []
