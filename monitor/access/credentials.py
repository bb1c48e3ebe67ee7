"""Making and checking what proves who somebody is. Nothing here is stored or compared in clear.

Passwords and PINs are hashed with argon2id (RFC 9106, its second recommended option: 64 MiB, three
passes), which is slow on purpose. A sign-in and a token are 256 random bits, of which nobody can
guess any: there one pass of SHA-256 is enough, and a request is not slowed down.
"""

import hashlib
import secrets
from functools import cache
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from argon2.profiles import RFC_9106_LOW_MEMORY

TOKEN_PREFIX: Final = "pd_"
"""By which a token that leaked is recognised."""

_HASHER: Final = PasswordHasher.from_parameters(RFC_9106_LOW_MEMORY)


def hashed(secret: str) -> str:
    """`secret`, a password or PIN, as it is stored. Takes some 50 ms."""
    return _HASHER.hash(secret)


def matches(stored: str | None, secret: str) -> bool:
    """Whether `stored` was made of `secret`. Takes as long where nothing is stored."""
    try:
        _HASHER.verify(stored or _of_nobody(), secret)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


@cache
def _of_nobody() -> str:
    return hashed(secrets.token_urlsafe())


def new_secret() -> str:
    """A credential that is random throughout."""
    return secrets.token_urlsafe(32)


def fingerprint(secret: str) -> str:
    """What is stored of a random credential."""
    return hashlib.sha256(secret.encode()).hexdigest()
