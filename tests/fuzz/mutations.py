"""How one input comes of others: bytes, slices and whole frames changed, lost, doubled, moved."""

import random
from collections.abc import Callable, Sequence
from typing import Final

LONGEST: Final = 4096
"""More bytes than any codec keeps: what is longer reaches nothing new and costs time."""

TELLING: Final = (0x00, 0x01, 0x7F, 0x80, 0x81, 0xC0, 0xDB, 0xDC, 0xFE, 0xFF, 0x0A, 0x0D, 0x20)
"""Bytes at the edge of a field, and those that frame or escape in one protocol or another."""

Mutation = Callable[[random.Random, bytearray], None]


def _flip(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)


def _put(rng: random.Random, data: bytearray) -> None:
    data[rng.randrange(len(data))] = rng.choice((*TELLING, rng.randrange(256)))


def _count(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    data[at] = (data[at] + rng.choice((-1, 1))) & 0xFF


def _lose(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data))
    del data[at : at + rng.choice((1, 1, 2, rng.randrange(1, 64)))]


def _insert(rng: random.Random, data: bytearray) -> None:
    at = rng.randrange(len(data) + 1)
    data[at:at] = rng.randbytes(rng.choice((1, 1, 2, rng.randrange(1, 64))))


def _double(rng: random.Random, data: bytearray) -> None:
    at, size = rng.randrange(len(data)), rng.randrange(1, 256)
    data[at:at] = data[at : at + size] * rng.choice((1, 1, 2, 8))


def _move(rng: random.Random, data: bytearray) -> None:
    at, size = rng.randrange(len(data)), rng.randrange(1, 256)
    piece = data[at : at + size]
    del data[at : at + size]
    to = rng.randrange(len(data) + 1)
    data[to:to] = piece


def _cut(rng: random.Random, data: bytearray) -> None:
    del data[rng.randrange(1, len(data) + 1) :]


MUTATIONS: Final[Sequence[Mutation]] = (_flip, _put, _count, _lose, _insert, _double, _move, _cut)


def mutate(rng: random.Random, corpus: Sequence[bytes], frames: Sequence[bytes]) -> bytes:
    """Another input, of one or two in `corpus` and of whole `frames`."""
    data = bytearray(rng.choice(corpus))
    if rng.random() < 0.2:
        other = rng.choice(corpus)
        data[rng.randrange(len(data) + 1) :] = other[rng.randrange(len(other) + 1) :]
    if rng.random() < 0.3:
        at = rng.randrange(len(data) + 1)
        data[at:at] = b"".join(rng.choice(frames) for _ in range(rng.randrange(1, 6)))
    for _ in range(rng.choice((0, 1, 1, 2, 4, 8))):
        if data:
            rng.choice(MUTATIONS)(rng, data)
    return bytes(data[:LONGEST])
