"""The pace of a stream."""

import pytest

from simulators.streaming import PacketStream


def begins(stream: PacketStream, now_s: float) -> list[float]:
    """When the packets sent up to `now_s` began."""
    seen: list[float] = []

    def packet(at_s: float) -> bytes:
        seen.append(at_s)
        return b"x"

    sent = stream.advance(now_s, packet)
    assert [message.data for message in sent] == [b"x"] * len(seen)
    return seen


def test_a_packet_is_complete_after_all_its_frames() -> None:
    stream = PacketStream(75, 25)
    assert stream.next_due_s == pytest.approx(1 / 3)
    assert begins(stream, 1.0) == pytest.approx([0, 1 / 3, 2 / 3])


def test_an_hour_has_no_packet_too_many_or_too_few() -> None:
    assert len(begins(PacketStream(60), 3600.0)) == 3600 * 60


def test_nothing_is_sent_before_a_start() -> None:
    stream = PacketStream(10, started=False)
    assert (stream.next_due_s, begins(stream, 9.0), stream.runs(9.0)) == (None, [], False)


def test_it_counts_from_its_start_and_ends_where_it_was_told() -> None:
    stream = PacketStream(10, started=False)
    stream.start(5.0, 5.3)
    assert begins(stream, 9.0) == pytest.approx([5.0, 5.1, 5.2])
    assert stream.next_due_s is None


def test_a_start_while_it_runs_only_puts_off_its_end() -> None:
    stream = PacketStream(10, started=False)
    stream.start(5.0, 6.0)
    begins(stream, 5.5)
    stream.start(5.55, 6.55)
    assert begins(stream, 9.0) == pytest.approx([5.5 + n / 10 for n in range(10)])


def test_a_start_after_its_end_counts_anew() -> None:
    stream = PacketStream(10, started=False)
    stream.start(5.0, 6.0)
    begins(stream, 7.0)
    stream.start(7.05, 7.3)
    assert begins(stream, 8.0) == pytest.approx([7.05, 7.15])
