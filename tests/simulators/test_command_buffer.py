"""Commands out of whatever a host sends."""

import pytest

from simulators.command_buffer import CommandBuffer

PARTS = [[b"\x3aabc\x3adef"], [b"\x3aa", b"bc\x3a", b"def"], [b"\xff\x3aabc", b"xy\x3adef\x3ag"]]


def buffer() -> CommandBuffer:
    return CommandBuffer(0x3A, lambda command: 4)


@pytest.mark.parametrize("parts", PARTS)
def test_commands_are_cut_from_any_pieces_with_anything_between(parts: list[bytes]) -> None:
    commands = buffer()
    found = [command for part in parts for command in commands.receive(part, 0.0)]
    assert found == [b"\x3aabc", b"\x3adef"]


def test_the_length_may_depend_on_what_is_there() -> None:
    commands = CommandBuffer(0x3A, lambda command: command[1] if len(command) > 1 else 2)
    assert commands.receive(b"\x3a\x02\x3a\x03x\x3a", 0.0) == [b"\x3a\x02", b"\x3a\x03x"]


@pytest.mark.parametrize(("later_s", "stalled"), [(1.0, False), (1.1, True)])
def test_half_a_command_is_given_up_after_a_second(later_s: float, stalled: bool) -> None:
    commands = buffer()
    commands.receive(b"\x3aa", 5.0)
    assert commands.drop_stalled(5.0 + later_s) is stalled
    assert commands.receive(b"bc", 5.0 + later_s) == ([] if stalled else [b"\x3aabc"])


def test_nothing_half_done_never_stalls() -> None:
    commands = buffer()
    commands.receive(b"\x3aabc", 5.0)
    assert not commands.drop_stalled(60.0)
