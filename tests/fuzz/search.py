"""Looks for inputs that reach what none did before, and for one that breaks a codec."""

import hashlib
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

import drivers
from drivers.clock import Clock
from tests.drivers.examples import Case, opened
from tests.fuzz.mutations import LONGEST, mutate
from tests.fuzz.properties import broken, pieces_of

CORPUS: Final = Path(__file__).with_name("corpus")
DRIVERS: Final = str(Path(drivers.__file__).parent)

Reached = frozenset[object]


@dataclass(slots=True)
class Found:
    """What a search came to; `fault` is the shortest input found of which something is wrong."""

    tried: int = 0
    new: list[bytes] = field(default_factory=list)
    fault: bytes | None = None
    why: str = ""


def kept(case: Case) -> list[bytes]:
    """The inputs of that dialect that are in the corpus."""
    return [file.read_bytes() for file in sorted((CORPUS / str(case)).glob("*.bin"))]


def keep(case: Case, data: bytes) -> Path:
    """Put an input in the corpus."""
    folder = CORPUS / str(case)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{hashlib.sha256(data).hexdigest()[:12]}.bin"
    file.write_bytes(data)
    return file


def reached(case: Case, data: bytes) -> Reached:
    """The steps from line to line in `drivers/` that `data` leads to, and what comes out of it."""
    steps: set[object] = set()
    before: dict[FrameType, int] = {}

    def line(frame: FrameType, event: str, _: Any) -> Callable[..., Any]:
        if event == "line":
            steps.add((frame.f_code, before.get(frame), frame.f_lineno))
            before[frame] = frame.f_lineno
        elif event == "return":
            before.pop(frame, None)
        return line

    def call(frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any] | None:
        return line if frame.f_code.co_filename.startswith(DRIVERS) else None

    codec = opened(case)
    sys.settrace(call)
    try:
        items = [item for piece in pieces_of(data) for item in codec.feed(piece)]
    finally:
        sys.settrace(None)
    steps |= {type(item) for item in items} | {*codec.stats.damaged, *codec.stats.rejected}
    return frozenset(steps)


def search(case: Case, *, seconds: float, seed: int, most: int | None = None) -> Found:
    """Try inputs for so long, or so many; a fault ends it."""
    rng = random.Random(f"{case} {seed}")
    example = case.example
    corpus = [each[:LONGEST] for each in (example.stream, *example.missing, *kept(case)) if each]
    seen: set[object] = set()
    for data in corpus:
        seen |= reached(case, data)
    found, clock = Found(), Clock()
    until_s = clock.now().mono + seconds
    while clock.now().mono < until_s and (most is None or found.tried < most):
        data = mutate(rng, corpus, example.frames)
        found.tried += 1
        if (why := broken(case, data)) is not None:
            found.fault = shortest(data, partial(_breaks, case))
            found.why = broken(case, found.fault) or why
            break
        steps = reached(case, data)
        if not steps <= seen:
            new = shortest(data, partial(_reaches, case, steps - seen))
            seen |= reached(case, new)
            corpus.append(new)
            found.new.append(new)
    return found


def _breaks(case: Case, data: bytes) -> bool:
    return broken(case, data) is not None


def _reaches(case: Case, steps: Reached, data: bytes) -> bool:
    return bool(steps & reached(case, data))


def shortest(data: bytes, holds: Callable[[bytes], bool]) -> bytes:
    """`data` without every piece that `holds` of it does not need."""
    size = len(data) // 2
    while size:
        at = 0
        while at < len(data):
            less = data[:at] + data[at + size :]
            if holds(less):
                data = less
            else:
                at += size
        size //= 2
    return data
