"""A device over its whole life: over real pseudo-terminals and sockets, and in virtual time."""

import asyncio
import random
import tracemalloc
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.clock import Clock
from drivers.codec import CannotMeasure
from drivers.device import Device
from drivers.links import MemoryPort
from drivers.nonin import NoninCodec
from drivers.readings import (
    CuffPhase,
    CuffState,
    DeviceReport,
    Flag,
    LinkChanged,
    LinkState,
    Measurement,
    MeasurementFailed,
    Vital,
    Waveform,
)
from drivers.registry import DeviceSpec
from tests.drivers.benches import Bench, Terminal, bench
from tests.drivers.streams import bp_data, cuff_pressure, letter, nonin_data, nonin_packet
from tests.virtual import virtual_clock, virtual_time

PACKET = nonin_packet("2")
URL = "memory://bed"


def talk(port: MemoryPort, clock: Clock, seconds: float) -> "asyncio.Task[None]":
    """Have an oximeter send its three packets a second for so long."""

    async def send() -> None:
        for _ in range(round(seconds * 3)):
            port.send(PACKET)
            await clock.sleep(1 / 3)

    return asyncio.create_task(send())


class Module:
    """A SunTech module that answers at once; `mute` it, or take an answer away."""

    def __init__(self, port: MemoryPort) -> None:
        self.mute = False
        self.answers: dict[bytes, Callable[[], bytes]] = {
            bytes.fromhex("3A 79 05 00 48"): lambda: cuff_pressure(0),
            bytes.fromhex("3A 20 A6"): lambda: letter("O"),
            bytes.fromhex("3A 79 03 00 4A"): bp_data,
            bytes.fromhex("3A 79 01 00 4C"): lambda: letter("A") + letter("K"),
        }
        self.heard: list[bytes] = []
        self._port = port
        port.on_bytes = self._hear

    def _hear(self, data: bytes) -> None:
        self.heard.append(data)
        answer = self.answers.get(data)
        if answer is not None and not self.mute:
            self._port.send(answer())


class TestReports:
    @virtual_time()
    async def test_a_link_is_up_with_the_first_valid_frame_and_not_before(self) -> None:
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, virtual_clock()) as one:
                await one.until(lambda _: port.connected)
                port.send(PACKET[:-1])
                await one.device._clock.sleep(1)
                assert one.changes == [LinkChanged(LinkState.CONNECTING)]
                port.send(PACKET[-1:])
                await one.until_up()
                assert isinstance(one.reports[1].item, LinkChanged)
                assert one.values(Vital.SPO2) == [97]

    @virtual_time()
    async def test_items_carry_the_device_and_the_instant_of_their_last_byte(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, clock) as one:
                await one.until(lambda _: port.connected)
                await clock.sleep(1.5)
                port.send(PACKET)
                await one.until_up()
                report = one.reports[-1]
                assert (report.device, report.at.mono) == ("device", 1.5)
                assert isinstance(report.item, Waveform)

    @virtual_time()
    async def test_items_reach_the_sink_in_the_call_that_brings_their_last_byte(self) -> None:
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, virtual_clock()) as one:
                await one.until(lambda _: port.connected)
                one.device._receive(PACKET)
                assert one.values(Vital.SPO2) == [97]

    @virtual_time()
    async def test_a_failing_sink_is_counted_and_survived(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(_report: DeviceReport) -> None:
            raise ZeroDivisionError

        device = Device(DeviceSpec("device", "nonin", URL), fail, virtual_clock())
        with MemoryPort("bed") as port:
            task = asyncio.create_task(device.run())
            await talk(port, virtual_clock(), 2)
            assert device.counters.sink_errors > 5
            assert device.link_state.state is LinkState.UP
            assert "the sink of device failed" in caplog.text
            task.cancel()

    @virtual_time()
    async def test_a_fault_in_a_driver_costs_the_link_alone(
        self, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def fail(_codec: NoninCodec, _data: bytes) -> None:
            raise ZeroDivisionError

        with MemoryPort("bed") as port:
            async with bench("nonin", URL, virtual_clock()) as one:
                await one.until(lambda _: port.connected)
                with monkeypatch.context() as broken:
                    broken.setattr(NoninCodec, "feed", fail)
                    port.send(PACKET)
                    assert "fault in driver nonin" in await one.until_down()
                    plain = one.device.link_state.plain
                    assert plain == "sends what cannot be read; call the technician"
                talk(port, one.device._clock, 5)
                await one.until_up()
        assert "ZeroDivisionError" in caplog.text

    @virtual_time()
    async def test_what_a_frozen_oximeter_says_is_rejected_until_a_new_link_begins_anew(
        self,
    ) -> None:
        still = nonin_packet("2", pleth=[100] * 25)
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, virtual_clock()) as one:
                await one.until(lambda _: port.connected)
                for _ in range(32):
                    port.send(still * 3)
                    await one.device._clock.sleep(1)
                said = [r.item for r in one.reports if isinstance(r.item, Measurement)]
                assert not said[80].flags
                assert said[-1].flags == {Flag.FROZEN}
                assert not any(reading.usable for reading in said[-1].readings)
                port.hang_up()
                await one.until_down()
                await one.device._clock.sleep(3)
                port.send(still)
                await one.until_up(2)
                said = [r.item for r in one.reports if isinstance(r.item, Measurement)]
                assert all(reading.usable for reading in said[-1].readings)

    @virtual_time()
    async def test_everything_is_counted(self) -> None:
        with MemoryPort("bed") as port:
            async with bench("suntech", URL, virtual_clock()) as one:
                Module(port)
                await one.until(lambda b: len(b.items) == 3)
                counters = one.device.counters
                assert (counters.bytes_out, counters.bytes_in) == (15, 15)
                assert (counters.stats.frames, counters.reconnects) == (3, 0)
                assert counters.last_item_at == one.reports[-1].at


class TestReconnecting:
    @virtual_time()
    async def test_silence_cuts_the_link_after_the_drivers_time(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, clock) as one:
                await talk(port, clock, 10)
                last = one.reports[-1].at.mono
                reason = await one.until_down()
                assert "nothing valid for 3 s, no bytes at all" in reason
                plain = one.device.link_state.plain
                assert plain == "says nothing; is it on, and its cable in?"
                assert one.reports[-1].at.mono - last == pytest.approx(3)

    @virtual_time()
    async def test_bytes_that_make_no_sense_are_silence_too(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, clock) as one:
                for _ in range(100):
                    port.send(b"SpO2=097%\r\n")
                    await clock.sleep(0.05)
                assert "bytes that make no sense" in await one.until_down()

    @virtual_time()
    async def test_what_a_line_carries_in_8_s_may_come_at_once_and_no_more(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, clock) as one:
                await one.until(lambda _: port.connected)
                port.send(PACKET * 61)
                await one.until_up()
                port.send(PACKET)
                assert "floods" in await one.until_down()
                counters = one.device.counters
                assert counters.stats.frames == 61 * 25
                assert counters.stats.damaged == {"flooded-byte": len(PACKET)}
                assert counters.bytes_in == 62 * len(PACKET)

    @virtual_time()
    async def test_twice_what_a_line_carries_is_taken_for_an_hour(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, clock) as one:
                await one.until(lambda _: port.connected)
                for _ in range(3600):
                    port.send(PACKET * 15)
                    await clock.sleep(1)
                assert one.device.link_state.state is LinkState.UP
                assert one.device.counters.reconnects == 0

    @virtual_time()
    async def test_more_than_any_line_could_carry_is_cut_within_a_second(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, clock) as one:
                await one.until(lambda _: port.connected)
                while port.connected:
                    port.send(b"garbage " * 4096)
                    await clock.sleep(0.1)
                assert "floods" in str(one.device.link_state.reason)
                assert clock.now().mono < 1.2

    @virtual_time()
    async def test_a_silent_port_is_not_reported_up_when_it_opens_again(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed"):
            async with bench("nonin", URL, clock) as one:
                await clock.sleep(600)
                assert one.device.counters.reconnects > 60
                assert [c.state for c in one.changes] == [LinkState.CONNECTING, LinkState.DOWN]

    @virtual_time()
    async def test_the_pauses_grow_to_10_s_and_are_jittered(self) -> None:
        clock = virtual_clock()
        opened: list[float] = []

        def hang_up() -> None:
            opened.append(clock.now().mono)
            port.hang_up()

        with MemoryPort("bed") as port:
            port.on_open = hang_up
            async with bench("nonin", URL, clock):
                await clock.sleep(600)
        pauses = [b - a for a, b in pairwise(opened)]
        assert all(0.5 <= pause <= 10 for pause in pauses)
        assert pauses[0] <= 1
        assert max(pauses) > 8
        assert len(set(pauses)) == len(pauses)

    @virtual_time()
    async def test_a_link_that_was_healthy_is_tried_again_within_a_second(self) -> None:
        clock = virtual_clock()
        async with bench("nonin", URL, clock) as one:
            await clock.sleep(300)
            with MemoryPort("bed") as port:
                talking = talk(port, clock, 60)
                await one.until_up()
                await talking
                port.hang_up()
                lost = clock.now().mono
                await one.until_down(2)
                talk(port, clock, 5)
                await one.until_up(2)
                assert one.reports[-1].at.mono - lost < 1.5

    @virtual_time()
    async def test_a_lost_link_comes_back_by_itself(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, clock) as one:
                await talk(port, clock, 5)
                port.hang_up()
                assert "hung up" in await one.until_down()
                talk(port, clock, 5)
                await one.until_up(2)
                assert one.device.counters.reconnects == 1

    @virtual_time()
    async def test_a_stopped_device_releases_its_port(self) -> None:
        with MemoryPort("bed") as port:
            async with bench("nonin", URL, virtual_clock()) as one:
                await one.until(lambda _: port.connected)
            assert not port.connected

    def test_silence_takes_half_a_real_second_however_fast_the_clock(self) -> None:
        device = Device(DeviceSpec("device", "nonin", URL), lambda _r: None, Clock(60))
        assert device._silent_after_s == 30


class TestCuff:
    @virtual_time()
    async def test_a_measurement_is_asked_for_and_reported(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            module = Module(port)
            async with bench("suntech", URL, clock) as one:
                await one.until_up()
                one.device.measure()
                await clock.sleep(30)
                port.send(letter("K"))
                await one.until(lambda b: any(isinstance(i, Measurement) for i in b.items))
                assert one.values(Vital.SYS) == [115]
                assert len(module.heard) == pytest.approx(60, abs=4)

    @virtual_time()
    async def test_an_idle_cuff_keeps_its_link_up(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            Module(port)
            async with bench("suntech", URL, clock) as one:
                await clock.sleep(7200)
                assert [c.state for c in one.changes] == [LinkState.CONNECTING, LinkState.UP]
                assert set(one.items) == {CuffState(CuffPhase.IDLE, 0)}

    @virtual_time()
    async def test_a_cuff_gone_silent_is_noticed_after_8_s(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            module = Module(port)
            async with bench("suntech", URL, clock) as one:
                await clock.sleep(20)
                module.mute = True
                last = one.reports[-1].at.mono
                await one.until_down()
                assert one.reports[-1].at.mono - last == pytest.approx(8)

    @virtual_time()
    async def test_an_abort_ends_in_a_failure(self) -> None:
        with MemoryPort("bed") as port:
            Module(port)
            async with bench("suntech", URL, virtual_clock()) as one:
                await one.until_up()
                one.device.measure()
                await one.until(lambda b: CuffState(CuffPhase.MEASURING) in b.items)
                one.device.abort()
                await one.until(lambda b: failures(b) == ["aborted"])

    @virtual_time()
    async def test_a_link_lost_while_measuring_fails_the_measurement(self) -> None:
        with MemoryPort("bed") as port:
            Module(port)
            async with bench("suntech", URL, virtual_clock()) as one:
                await one.until_up()
                one.device.measure()
                port.hang_up()
                await one.until_down()
                assert failures(one) == ["the link was lost during the measurement"]

    @virtual_time()
    async def test_without_a_link_a_measurement_fails_at_once(self) -> None:
        clock = virtual_clock()
        async with bench("suntech", URL, clock) as one:
            await one.until_down()
            one.device.measure()
            assert failures(one) == []
            await one.until(lambda b: len(failures(b)) == 1)
            assert "no link to device" in failures(one)[0]
            one.device.abort()

    @virtual_time()
    async def test_an_oximeter_cannot_be_asked(self) -> None:
        async with bench("nonin", URL, virtual_clock()) as one:
            for ask in (one.device.measure, one.device.abort):
                with pytest.raises(CannotMeasure, match="device"):
                    ask()


def failures(one: Bench) -> list[str]:
    return [item.reason for item in one.items if isinstance(item, MeasurementFailed)]


class TestRealPorts:
    """In real time: over a real pseudo-terminal, whose device sends 50 packets a second."""

    async def send(self, terminal: Terminal, packet: bytes) -> None:
        while True:
            terminal.send(packet)
            await Clock().sleep(0.02)

    async def test_a_pseudo_terminal_loses_nothing(self) -> None:
        with Terminal() as terminal:
            async with bench("nonin", terminal.path) as one:
                sender = asyncio.create_task(self.send(terminal, PACKET))
                await one.until_up()
                sender.cancel()
                for spo2 in range(80, 97):
                    terminal.send(nonin_packet("2", nonin_data(spo2=spo2)))
                await one.until(lambda b: 96 in b.values(Vital.SPO2))
                assert one.values(Vital.SPO2)[-17:] == list(range(80, 97))

    async def test_a_vanished_adapter_is_reported_and_its_return_taken_up(
        self, tmp_path: Path
    ) -> None:
        path = tmp_path / "oximeter"
        with Terminal() as first, Terminal() as second:
            path.symlink_to(first.path)
            senders = [asyncio.create_task(self.send(first, PACKET))]
            async with bench("nonin", str(path)) as one:
                await one.until_up()
                senders[0].cancel()
                first.unplug()
                path.unlink()
                assert str(path) in await one.until_down()
                assert "no such port" in await one.until_down(2)
                path.symlink_to(second.path)
                senders.append(asyncio.create_task(self.send(second, PACKET)))
                await one.until_up(2)
                senders[1].cancel()

    def test_a_device_stopped_as_its_loop_ends_leaves_nothing_behind(
        self, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def main() -> None:
            one = Bench(DeviceSpec("device", "nonin", terminal.path), Clock())
            running = asyncio.create_task(one.device.run())
            sending = asyncio.create_task(self.send(terminal, PACKET))
            await one.until_up()
            sending.cancel()
            running.cancel()
            await Clock().sleep(0)

        with Terminal() as terminal:
            asyncio.run(main())
        assert caplog.records == []

    async def test_a_port_that_is_not_there_is_down_with_what_to_do(self) -> None:
        async with bench("nonin", "/dev/ttyPostdose9") as one:
            assert "`postdose ports`" in await one.until_down()
            assert one.device.link_state.plain == "not found; is it on, and its cable in?"

    async def test_a_port_in_use_is_down_with_what_to_do(self) -> None:
        with Terminal() as terminal:
            async with bench("nonin", terminal.path) as first:
                sending = asyncio.create_task(self.send(terminal, PACKET))
                await first.until_up()
                async with bench("nonin", terminal.path) as second:
                    assert "in use by another program" in await second.until_down()
                sending.cancel()

    async def test_garbage_at_full_speed_is_survived_in_bounded_memory(self) -> None:
        """From a socket, since no serial line could bring so much."""

        async def flood(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            garbage = random.Random(2).randbytes(1 << 18)
            with suppress(ConnectionError):
                while True:
                    writer.write(garbage)
                    await writer.drain()

        server = await asyncio.start_server(flood, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server, bench("nonin", f"socket://127.0.0.1:{port}") as one:
            tracemalloc.start()
            await one.until_down()
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            assert one.device.counters.bytes_in > 1 << 14
            assert peak < 8 << 20
