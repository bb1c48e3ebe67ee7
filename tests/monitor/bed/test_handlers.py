"""Every command has its handler."""

from typing import get_args

from monitor.bed.handlers import DECIDERS, HANDLERS
from monitor.session import decide
from monitor.session.commands import Command, SessionCommand


def test_every_kind_of_command_has_a_handler() -> None:
    assert HANDLERS.keys() == set(get_args(Command))


def test_every_command_on_a_session_is_decided_in_one_place() -> None:
    assert DECIDERS.keys() | decide.HANDLERS.keys() == set(get_args(SessionCommand))
    assert not DECIDERS.keys() & decide.HANDLERS.keys()
