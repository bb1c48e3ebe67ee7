"""What a link is: an open byte stream, and the two ways it can fail. Nothing is opened here."""

from collections.abc import Callable
from typing import Protocol


class LinkError(Exception):
    """A link could not be opened; the message says why and what to do."""


class LinkLost(Exception):
    """A link that was open is gone; the message says why and what to do."""


OnBytes = Callable[[bytes], None]
OnLost = Callable[[LinkLost], None]


class Link(Protocol):
    """An open byte stream.

    Bytes go to the `OnBytes` it was opened with, straight from the event loop. It ends in
    exactly one call of `OnLost`, unless it was closed from this side.
    """

    def write(self, data: bytes) -> None:
        """Send `data`; silently nothing once the link is lost."""

    async def close(self) -> None:
        """Release the port. Bytes not yet sent are dropped, and no loss is reported."""
