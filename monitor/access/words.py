"""What people type about who may act: names, passwords, PINs and dates, and what is refused."""

import re
from datetime import UTC, datetime, timedelta
from typing import Final

from monitor.access.names import composed, fault, same_name

PASSWORD_LEAST: Final = 10
PASSWORD_MOST: Final = 200
NAME_MOST: Final = 64
"""As long as `by` may be."""

_PIN: Final = re.compile(r"[0-9]{4,8}")
_DAYS: Final = re.compile(r"([1-9][0-9]{0,3})d")
_RUNS: Final = ("01234567890", "09876543210")


class AccessError(Exception):
    """What was asked about who may act cannot be done; the message says why."""


class WrongError(AccessError):
    """The password or PIN was checked, and is not right."""


class ThrottledError(AccessError):
    """Too many wrong passwords or PINs; it can be tried again after `retry_s` seconds."""

    def __init__(self, retry_s: float) -> None:
        self.retry_s = retry_s
        super().__init__(f"too many wrong tries; try again in {retry_s:.0f} s")


def checked_name(name: str) -> str:
    """`name` as it is kept. Raises `AccessError`."""
    kept = composed(name)
    if not 0 < len(kept) <= NAME_MOST or not kept.isprintable() or not kept[0].isalnum():
        raise AccessError(
            f"{name!r} is no name: 1 to {NAME_MOST} printable characters, "
            "the first a letter or a digit"
        )
    if (why := fault(kept)) is not None:
        raise AccessError(f"{name!r} is no name: {why}")
    return kept


def check_password(name: str, password: str) -> None:
    """Raises `AccessError` for one that is too easily guessed."""
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise AccessError(
            f"a password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters; "
            "several words are easily remembered"
        )
    if same_name(name) in same_name(password) or len(set(password)) < 4:
        raise AccessError(
            "that password is easily guessed: not with the name in it, and of four different "
            "characters at least"
        )


def check_pin(pin: str) -> None:
    """Raises `AccessError` for one that is too easily guessed."""
    if not _PIN.fullmatch(pin):
        raise AccessError("a PIN is 4 to 8 digits")
    if len(set(pin)) == 1 or any(pin in run for run in _RUNS):
        raise AccessError("that PIN is easily guessed: not all one digit, and no run such as 1234")


def parse_until(text: str, now: datetime) -> datetime:
    """When something ends that is said as `90d`, or as a day, whose end is meant.

    Raises `AccessError`.
    """
    if days := _DAYS.fullmatch(text):
        return now + timedelta(days=int(days[1]))
    try:
        until = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        raise AccessError(f"{text!r} is no end: write 90d, or a day as 2027-01-31") from None
    if until <= now:
        raise AccessError(f"{text} is over; name a day to come")
    return until
