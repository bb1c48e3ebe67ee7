"""The benchmarks run, and give numbers."""

import pytest

from tests.bench import codecs, durable
from tests.bench.ward import Case, measure
from tests.servers import program


def test_every_codec_has_a_rate() -> None:
    assert all(rate.taken > 0 for rate in codecs.measure(size=10_000).values())


def test_a_bare_commit_takes_time() -> None:
    assert durable.commit_s(count=5) > 0


@pytest.mark.parametrize("writes", [1, 25])
def test_every_alarm_of_the_floor_is_timed(writes: int) -> None:
    program("mosquitto", "/usr/sbin", "/usr/local/sbin")
    figures = measure(Case("floor", beds=2, writes=writes, alarms=3, calm_s=0))
    assert len(figures.latencies_s) == 3
    assert figures.percentile_ms(50) > 0
    assert figures.peak_mib > 0
