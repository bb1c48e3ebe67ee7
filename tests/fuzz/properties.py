"""What holds of a codec whatever it is fed."""

import random
from collections.abc import Iterator

from drivers.codec import Codec
from drivers.readings import Item, Measurement, Quality, Waveform
from tests.drivers.examples import Case, opened
from tests.drivers.streams import split

LATE_S = 30.0
"""Longer than any codec waits for an answer."""


def pieces_of(data: bytes) -> list[bytes]:
    """The same data in the same pieces each time."""
    rng = random.Random(data)
    return split(data, [rng.randrange(len(data) + 1) for _ in range(rng.randrange(8))])


def broken(case: Case, data: bytes) -> str | None:
    """What does not hold of `data`, in words; None where all does."""
    try:
        return next(_broken(case, data), None)
    except Exception as fault:  # what a codec raises is what is looked for
        return f"{type(fault).__name__}: {fault}"


def _broken(case: Case, data: bytes) -> Iterator[str]:
    whole, pieces = opened(case), opened(case)
    items = whole.feed(data)
    if [item for piece in pieces_of(data) for item in pieces.feed(piece)] != items:
        yield "in pieces it gives other items"
    yield from _wrong(case, items)
    yield from _wrong(case, _asked(opened(case), data))
    healthy = 2 * case.example.stream
    found = whole.feed(healthy)
    if not any(isinstance(item, Measurement) for item in found):
        yield "the device is not heard after it"
    if pieces.feed(healthy) != found:
        yield "after it in pieces other items are heard"
    if pieces.stats != whole.stats:
        yield "in pieces it counts otherwise"


def _asked(codec: Codec, data: bytes) -> list[Item]:
    """With time passing between the pieces, as for a device that is asked."""
    items, now_s = [], 0.0
    for piece in pieces_of(data):
        now_s += 0.7
        items += codec.feed(piece)
        if codec.deadline_s is not None and codec.deadline_s <= now_s:
            items += codec.handle_deadline(now_s)
        codec.data_to_send()
    return items + codec.handle_deadline(now_s + LATE_S) + codec.closed()


def _wrong(case: Case, items: list[Item]) -> Iterator[str]:
    for item in items:
        if isinstance(item, Measurement):
            if not item.flags <= case.driver.flags:
                yield f"it raises flags that were not declared: {item}"
            for reading in item.readings:
                value = reading.value
                is_kept = value is None or value in case.driver.ranges[reading.vital]
                if not is_kept and reading.quality is not Quality.REJECTED:
                    yield f"it takes a value that no such device prints: {reading}"
        elif isinstance(item, Waveform) and not len(item.samples):
            yield f"it gives a waveform of nothing: {item}"
