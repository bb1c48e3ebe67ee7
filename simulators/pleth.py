"""The shape of a pulse at the finger, from one averaged real beat (see data/README.md)."""

from functools import cache
from importlib.resources import files


@cache
def _beat() -> tuple[float, ...]:
    with (files("simulators") / "data" / "pleth_beat.csv").open() as lines:
        next(lines)
        return tuple(float(line.split(",")[1]) for line in lines)


def pleth(phase: float, perfusion: float) -> float:
    """The wave at `phase` (0 to 1 through a beat), 0 to 1 about a mean near 0.5.

    Its height is `perfusion` (0 to 1).
    """
    beat = _beat()
    place = phase % 1.0 * len(beat)
    index = int(place) % len(beat)
    here, there = beat[index], beat[(index + 1) % len(beat)]
    return 0.5 + (here + (there - here) * (place % 1.0) - 0.5) * perfusion
