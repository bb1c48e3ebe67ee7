"""The two ways a link can fail, and what a person can do about each. Nothing is opened here."""

import errno
from collections.abc import Mapping
from typing import Final

CALL: Final = "call the technician"


class _LinkFault(Exception):
    """The message is for who looks after the devices, `plain` for who looks after the patient."""

    def __init__(self, message: str, plain: str = f"does not answer; {CALL}") -> None:
        super().__init__(message)
        self.plain = plain


class LinkError(_LinkFault):
    """A link could not be opened; the message says why and what to do."""


class LinkLost(_LinkFault):
    """A link that was open is gone; the message says why and what to do."""


_UNPLUGGED: Final = "not found; is it on, and its cable in?"
_NOT_SET_UP: Final = f"found, and cannot be used; {CALL}"
_NO_NETWORK: Final = f"does not answer over the network; is it on? If it is, {CALL}"

PLAIN: Final[Mapping[int, str]] = {
    **dict.fromkeys((errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO), _UNPLUGGED),
    **dict.fromkeys((errno.EACCES, errno.EPERM, errno.EBUSY), _NOT_SET_UP),
    **dict.fromkeys((errno.EINVAL, errno.ENOTTY, errno.EISDIR), _NOT_SET_UP),
    **dict.fromkeys((errno.ECONNREFUSED, errno.ECONNRESET), _NO_NETWORK),
    **dict.fromkeys((errno.EHOSTUNREACH, errno.ENETUNREACH), _NO_NETWORK),
}
"""The same in a nurse's words: no path, no address, no command."""


ADVICE: Final[Mapping[int, str]] = {
    errno.ENOENT: "no such port; is the cable plugged in? `postdose ports` lists what there is",
    errno.ENXIO: "nothing is behind this port; is the device plugged in?",
    errno.ENODEV: "nothing is behind this port; is the device plugged in?",
    errno.EACCES: "permission denied; add the user to group dialout and log in again",
    errno.EPERM: "permission denied; add the user to group dialout and log in again",
    errno.EBUSY: "in use by another program; close that one first",
    errno.EINVAL: "refuses these line settings; can this adapter do the baud rate and parity?",
    errno.ENOTTY: "not a serial port; give the path of a tty",
    errno.EISDIR: "not a serial port but a directory; give the path of a tty",
    errno.EIO: "hung up; is the cable still plugged in?",
    errno.ECONNREFUSED: "connection refused; is the serial server running on that port?",
    errno.ECONNRESET: "connection reset by the far end; does another program use it?",
    errno.EHOSTUNREACH: "host unreachable; check the address and the network",
    errno.ENETUNREACH: "network unreachable; check the address and the network",
}


def advice(fault: BaseException | None) -> str:
    """What a person can do about `fault`; None is a stream that simply ended."""
    if fault is None:
        return "closed by the far end"
    known = ADVICE.get(fault.errno) if isinstance(fault, OSError) and fault.errno else None
    return known or str(fault) or type(fault).__name__


def in_plain_words(fault: BaseException | None) -> str:
    """What a nurse can do about `fault`; None is a stream that simply ended."""
    number = fault.errno if isinstance(fault, OSError) else None
    return PLAIN.get(number or 0, f"the connection ended; is its cable in? If it is, {CALL}")
