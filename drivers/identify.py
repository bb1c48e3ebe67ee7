"""Finds out which device speaks at a port: first by listening, then by asking one after another.

A dialect is recognised by its own codec's good frames, as everywhere. Listening sends nothing. What
is sent then is what a driver sends to a device that it was told to expect: who are you.
"""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Final

from drivers.clock import Clock
from drivers.codec import Codec
from drivers.device import Device
from drivers.driver import Dialect, Driver, LineSettings
from drivers.links import has_line, open_link
from drivers.readings import (
    CuffState,
    DeviceReport,
    Identity,
    LinkChanged,
    LinkState,
    Measurement,
)
from drivers.registry import DRIVERS, DeviceSpec

LISTEN_S: Final = 6.0
"""More than the pause between two lines of the slowest device, a few times."""

ASK_S: Final = 4.0
ENOUGH_FRAMES: Final = 3
"""Frames after which a dialect is taken for certain where no other has any."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A dialect of which so many frames came; `answer` is what the device said of itself."""

    driver: str
    dialect: str
    line: LineSettings
    frames: int
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Identification:
    """What was found at a port: the candidates, the likeliest first, and how much was heard.

    `bytes_in` counts what came while listening, by line setting.
    """

    candidates: tuple[Candidate, ...]
    bytes_in: dict[LineSettings, int]

    @property
    def is_certain(self) -> bool:
        """Whether one dialect alone fits, and more than once."""
        return len(self.candidates) == 1 and self.candidates[0].frames >= ENOUGH_FRAMES

    @property
    def words(self) -> str:
        """What was found, for a person; or what was seen instead."""
        if self.candidates:
            how = "certain" if self.is_certain else "likely"
            best, *others = self.candidates
            said = f"{best.driver}, dialect {best.dialect}, {best.line}: {how}"
            if best.answer is not None:
                said += f"; {best.answer}"
            also = ", ".join(f"{each.driver} {each.dialect}" for each in others)
            return f"{said}; or {also}, with the same frames" if also else said
        heard = {line: count for line, count in self.bytes_in.items() if count}
        if not heard:
            return "nothing heard: is the device on, its cable in, and its output turned on?"
        most = max(heard, key=lambda line: heard[line])
        return (
            f"bytes arrive ({heard[most]} at {most}), no frame of any device: "
            "the line is set otherwise, or it is none that Postdose knows"
        )


async def identify(
    url: str,
    clock: Clock,
    *,
    drivers: Iterable[Driver] = tuple(DRIVERS.values()),
    say: Callable[[str], None] = lambda _: None,
) -> Identification:
    """What speaks at `url`; `say` is told each thing that is tried, in words, before it is.

    Raises `LinkError` when it cannot be opened.
    """
    known = [(driver, dialect) for driver in drivers for dialect in driver.dialects]
    lines = list(dict.fromkeys(dialect.line for _, dialect in known))
    bytes_in: dict[LineSettings, int] = {}
    for line in lines if has_line(url) else lines[:1]:
        here = [(d, each) for d, each in known if each.line == line or not has_line(url)]
        say(f"listening at {line}" if has_line(url) else "listening")
        found, bytes_in[line] = await _listen(url, line, here, clock)
        if found:
            best = found[0]
            say(f"heard {best.driver} {best.dialect}; asking what it says of itself")
            answer = await ask(_spec(best.driver, best.dialect, url), clock, LISTEN_S)
            return Identification((replace(best, answer=answer.words), *found[1:]), bytes_in)
    for driver, dialect in known:
        if _speaks(driver, dialect):
            say(f"asking as {driver.name} {dialect.name}")
            answer = await ask(_spec(driver.name, dialect.name, url), clock, ASK_S)
            if answer.frames:
                one = Candidate(
                    driver.name, dialect.name, dialect.line, answer.frames, answer.words
                )
                return Identification((one,), bytes_in)
    return Identification((), bytes_in)


def _spec(driver: str, dialect: str, url: str) -> DeviceSpec:
    return DeviceSpec("device", driver, url, dialect)


def _speaks(driver: Driver, dialect: Dialect) -> bool:
    """Whether its driver says something to such a device as soon as the link is open."""
    codec = dialect.make(driver.whole({}))
    codec.opened(0.0)
    codec.handle_deadline(0.0)
    return bool(codec.data_to_send())


async def _listen(
    url: str, line: LineSettings, known: list[tuple[Driver, Dialect]], clock: Clock
) -> tuple[list[Candidate], int]:
    """The dialects whose frames come by themselves, most frames first; and how many bytes came."""
    codecs: dict[tuple[str, str], Codec] = {}
    for driver, dialect in known:
        codecs[driver.name, dialect.name] = dialect.make(driver.whole({}))
    enough, heard = asyncio.Event(), 0
    for codec in codecs.values():
        codec.opened(clock.now().mono)

    def take(data: bytes) -> None:
        nonlocal heard
        heard += len(data)
        for codec in codecs.values():
            codec.feed(data)
            if codec.stats.frames >= ENOUGH_FRAMES:
                enough.set()

    link = await open_link(url, line, on_bytes=take, on_lost=lambda _: enough.set())
    try:
        async with clock.timeout(LISTEN_S):
            await enough.wait()
    except TimeoutError:
        pass
    finally:
        await link.close()
    found = [
        Candidate(driver.name, dialect.name, dialect.line, codec.stats.frames)
        for driver, dialect in known
        if (codec := codecs[driver.name, dialect.name]).stats.frames
    ]
    return sorted(found, key=lambda each: -each.frames), heard


@dataclass(frozen=True, slots=True)
class Answer:
    """What a device said of itself in words, None for nothing; `failure` is why not."""

    words: str | None
    failure: str
    frames: int


async def ask(spec: DeviceSpec, clock: Clock, within_s: float) -> Answer:
    """Open the device and wait for what it says of itself."""
    told: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    last = LinkChanged(LinkState.CONNECTING, "nothing heard")

    def listen(report: DeviceReport) -> None:
        nonlocal last
        item = report.item
        if isinstance(item, LinkChanged):
            last = item if item.reason else last
        elif not told.done() and (said := _in_words(item)) is not None:
            told.set_result(said)

    device = Device(spec, listen, clock)
    running = asyncio.create_task(device.run())
    words = None
    try:
        async with clock.timeout(within_s):
            words = await told
    except TimeoutError:
        pass
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return Answer(words, last.reason or "nothing heard", device.codec.stats.frames)


def _in_words(item: object) -> str | None:
    match item:
        case Identity(model, serial, firmware):
            return " ".join(part for part in (model, serial, firmware) if part)
        case Measurement(readings, flags):
            values = [
                f"{reading.vital.value} {reading.value:g}"
                for reading in readings
                if reading.value is not None
            ]
            return "answers: " + ", ".join([*values, *sorted(flags)] or ["no values yet"])
        case CuffState(phase, pressure):
            return f"answers: {phase.value}, {pressure or 0} mmHg in the cuff"
        case _:
            return None
