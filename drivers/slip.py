"""Datagrams in a byte stream: SLIP (RFC 1055), an end on either side of each. Pure.

A link is a stream of bytes and says nothing of where a datagram ends. One on UDP carries each as a
frame of SLIP, and sends each frame that it is given as one.
"""

from typing import Final

END: Final = b"\xc0"
_ESCAPE: Final = b"\xdb"
_ESCAPED_END, _ESCAPED_ESCAPE = b"\xdb\xdc", b"\xdb\xdd"


def wrap(datagram: bytes) -> bytes:
    """`datagram` as a frame."""
    inside = datagram.replace(_ESCAPE, _ESCAPED_ESCAPE).replace(END, _ESCAPED_END)
    return END + inside + END


def unwrap(inside: bytes) -> bytes:
    """The datagram between two ends; an escape that is none is kept as it stands."""
    if _ESCAPE not in inside:
        return inside
    return inside.replace(_ESCAPED_END, END).replace(_ESCAPED_ESCAPE, _ESCAPE)
