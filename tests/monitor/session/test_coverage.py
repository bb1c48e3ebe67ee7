"""Where a continuous signal was away for longer than a gap may be."""

from datetime import datetime, timedelta

import pytest

from monitor.session.coverage import Coverage, Span
from tests.monitor.builders import START

Seconds = tuple[float, float]


def at(seconds: float) -> datetime:
    return START.wall + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("covered", "gaps"),
    [
        ([], [(0, 600)]),
        ([(0, 600)], []),
        ([(60, 540)], []),
        ([(61, 539)], [(0, 61), (539, 600)]),
        ([(0, 100), (160, 600)], []),
        ([(0, 100), (161, 600)], [(100, 161)]),
        ([(0, 100), (200, 300), (400, 600)], [(100, 200), (300, 400)]),
        ([(0, 500), (100, 200), (300, 600)], []),
        ([(-300, -200), (0, 600)], []),
        ([(0, 500), (700, 800)], [(500, 600)]),
        ([(-100, 700)], []),
    ],
)
def test_a_gap_is_over_a_minute_within_the_time_asked_for(
    covered: list[Seconds], gaps: list[Seconds]
) -> None:
    spans = tuple(Span(at(start), at(end), 95.0, 9) for start, end in covered)
    found = Coverage(("oximeter",), spans).gaps(at(0), at(600))
    assert found == [(at(start), at(end)) for start, end in gaps]
