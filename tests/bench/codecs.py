"""How many bytes a second each codec takes, without a port."""

from collections.abc import Callable
from statistics import median
from time import perf_counter
from typing import Final

from drivers.codec import Codec
from drivers.nonin import NoninCodec
from drivers.suntech import SunTechCodec
from tests.drivers.streams import bp_data, cuff_pressure, letter, nonin_packet

PIECE: Final = 125
REPEATS: Final = 5


def _suntech() -> bytes:
    return b"".join(cuff_pressure(mmhg) for mmhg in range(160, 0, -2)) + letter("K") + bp_data()


CODECS: Final[dict[str, tuple[Callable[[], Codec], bytes]]] = {
    "nonin, format 2": (lambda: NoninCodec("2"), nonin_packet("2")),
    "nonin, format 7": (lambda: NoninCodec("7"), nonin_packet("7")),
    "suntech": (lambda: SunTechCodec(listen=True), _suntech()),
}


def measure(size: int) -> dict[str, float]:
    """Bytes a second of each codec over some `size` bytes, in pieces as they arrive."""
    return {name: _rate(make, stream, size) for name, (make, stream) in CODECS.items()}


def _rate(make: Callable[[], Codec], stream: bytes, size: int) -> float:
    data = stream * max(1, size // len(stream))
    pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
    return len(data) / median(_time(make(), pieces) for _ in range(REPEATS))


def _time(codec: Codec, pieces: list[bytes]) -> float:
    codec.opened(0.0)
    began_s = perf_counter()
    for piece in pieces:
        codec.feed(piece)
        codec.data_to_send()
    return perf_counter() - began_s
