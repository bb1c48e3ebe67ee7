"""What the journal holds, as `GET /events` and the stream show it."""

from typing import Any

from api.schemas.fields import described
from api.schemas.model import Response


class Event(Response):
    """A journal event."""

    seq: int = described("Its place in the journal; rises by 1 from event to event.", 1041)
    id: str = described("Its id, the same everywhere.", "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10")
    bed: str = described("The bed, or `records` for what is written down beside the beds.", "bed-1")
    session: str | None = described(
        "The session it belongs to.", "0b5c3d7e52c14be59a0e6d2f4f0d1c77"
    )
    type: str = described("What happened.", "note.added")
    at: str = described("When it happened.", "2026-01-05T09:40:00.000Z")
    payload: dict[str, Any] = described(
        "What came with it; which keys there are depends on `type`.",
        {"text": "sleeping, easily woken", "by": "nurse.a"},
    )
