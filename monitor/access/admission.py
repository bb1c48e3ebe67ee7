"""Who and what is added, as it is typed: checked, hashed, and ready to be stored."""

from datetime import datetime

from monitor.access.credentials import TOKEN_PREFIX, fingerprint, hashed, new_secret
from monitor.access.directory import Account, Role, Token
from monitor.access.words import (
    AccessError,
    check_password,
    check_pin,
    checked_name,
    parse_until,
)

MACHINES: tuple[Role, ...] = (Role.VIEWER, Role.NURSE)
"""What a token may be: no machine decides as a clinician does."""


def new_account(name: str, role: Role, password: str, now: datetime) -> Account:
    """A person who has not signed in yet. Raises `AccessError`."""
    kept = checked_name(name)
    return Account(kept, role, password_hash(kept, password), None, now)


def password_hash(name: str, password: str) -> str:
    """What is stored of a person's password. Raises `AccessError` for one easily guessed."""
    check_password(name, password)
    return hashed(password)


def pin_hash(pin: str) -> str:
    """What is stored of a PIN. Raises `AccessError` for one easily guessed."""
    check_pin(pin)
    return hashed(pin)


def new_token(name: str, role: Role, expires: str, now: datetime) -> tuple[Token, str]:
    """A token as it is stored, and the secret, which is not. Raises `AccessError`."""
    if role not in MACHINES:
        roles = " or ".join(MACHINES)
        raise AccessError(f"a token is a {roles}: a clinician or an admin is a person")
    secret = TOKEN_PREFIX + new_secret()
    until = parse_until(expires, now)
    return Token(checked_name(name), fingerprint(secret), role, now, until), secret
