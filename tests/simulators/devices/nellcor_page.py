"""Nellcor's printed lines read straight from their page, for tests of the simulator."""

from dataclasses import dataclass

BESIDES_BYTES = 250
"""A header, which comes now and then."""

_MODELS = {"n595": "N-595", "n560": "N-560", "npb290": "NPB-290"}


@dataclass(frozen=True)
class Line:
    """A line of values as it stands: texts, and the columns of its status codes."""

    clock: str
    spo2: str
    bpm: str
    pa: str
    status: dict[int, str]

    @property
    def codes(self) -> list[str]:
        return list(self.status.values())


def printed(stream: bytes) -> list[str]:
    """Whole lines, without their CR LF."""
    return stream.decode("ascii", "replace").split("\r\n")[:-1]


def lines(stream: bytes) -> list[Line]:
    """Every line of values: those whose numbers end in columns 23, 31 and 39."""
    return [
        Line(
            clock=text[:18],
            spo2=text[18:25].strip(),
            bpm=text[25:33].strip(),
            pa=text[33:40].strip(),
            status={at: text[at : at + 2] for at in range(44, 60, 3) if text[at : at + 2].strip()},
        )
        for text in printed(stream)
        if len(text) == 61 and text[2] == text[6] == "-" and text[23].strip() and text[39].strip()
    ]


def headers(stream: bytes) -> list[str]:
    """The first line of every header."""
    return [text for text in printed(stream) if " VERSION " in text]


def value(text: str) -> int | None:
    """A number, also outside its limits; 0 and dashes are missing."""
    return None if text == "---" else int(text.rstrip("*")) or None


def host_sends(dialect: str, second: int) -> bytes:
    """Nothing: it prints by itself."""
    return b""


def vitals(stream: bytes, dialect: str) -> dict[str, float | None]:
    """What the last line says; the model is the dialect's wherever a header is there."""
    said = lines(stream)
    assert all(head.startswith(_MODELS[dialect]) for head in headers(stream))
    if not said:
        return {}
    return {"spo2_pct": value(said[-1].spo2), "pulse_per_min": value(said[-1].bpm)}
