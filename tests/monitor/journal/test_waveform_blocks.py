"""Packets of a wave as blocks, and as one array."""

import math
import struct
from datetime import UTC, datetime, timedelta

import pytest

from monitor.journal.chunk_codec import Wave
from monitor.journal.waveform_blocks import WaveformBlock, blocks, float32

START = datetime(2026, 1, 5, 9, tzinfo=UTC)


def packet(arrived_s: float, *samples: int, device: str = "oximeter", rate_hz: float = 2) -> Wave:
    return Wave(device, START + timedelta(seconds=arrived_s), "pleth", rate_hz, samples)


def shown(found: list[WaveformBlock]) -> list[tuple[str, float, list[int]]]:
    return [(b.device, (b.start - START).total_seconds(), b.samples.tolist()) for b in found]


def test_packets_that_follow_are_one_block_also_a_little_early_or_late() -> None:
    found = blocks([packet(0.5, 1, 2), packet(1.5, 3, 4), packet(2.9, 5, 6), packet(3.2, 7, 8)])
    assert shown(found) == [("oximeter", 0.0, [1, 2, 3, 4, 5, 6, 7, 8])]
    assert found[0].end == START + timedelta(seconds=4)


@pytest.mark.parametrize(("arrived_s", "of"), [(2.5, 1), (2.6, 2), (5.0, 2)])
def test_a_packet_over_a_second_late_begins_a_block(arrived_s: float, of: int) -> None:
    assert len(blocks([packet(0.5, 1, 2), packet(arrived_s, 3, 4)])) == of


def test_a_clock_that_drifts_is_caught_up_with() -> None:
    slow = [packet(0.5 + 1.01 * n, n, n) for n in range(300)]
    found = blocks(slow)
    assert sum(len(block.samples) for block in found) == 600
    assert len(found) == 3
    last = found[-1]
    assert abs(last.end - (slow[-1].at + timedelta(seconds=0.5))) <= timedelta(seconds=1)


def test_devices_and_rates_have_blocks_of_their_own_in_the_order_of_their_start() -> None:
    found = blocks(
        [
            packet(0.5, 1, 2), packet(0.6, 9, device="other"), packet(1.5, 3, 4),
            packet(2.5, 5, 6, rate_hz=4), packet(9.0, 7),
        ]
    )  # fmt: skip
    assert shown(found) == [
        ("oximeter", 0.0, [1, 2, 3, 4]), ("other", 0.6, [9]), ("oximeter", 2.25, [5, 6]),
        ("oximeter", 9.0, [7]),
    ]  # fmt: skip


def test_one_array_has_nan_for_every_sample_that_was_lost() -> None:
    data = float32(blocks([packet(0.5, 1, 2), packet(4.5, 3, 4)]))
    values = struct.unpack(f"<{len(data) // 4}f", data)
    assert values[:2] == (1, 2)
    assert [math.isnan(value) for value in values[2:-2]] == [True] * 6
    assert values[-2:] == (3, 4)
    assert float32([]) == b""
