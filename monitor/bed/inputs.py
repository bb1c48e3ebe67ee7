"""Everything a bed was given, as text that can be kept and given again. Pure.

A bed decides by what it is given and by nothing else: what its devices say, what people
ask, what troubles the daemon, and that time has passed, each with its instant. `text_of`
writes one of them as JSON, `what_in` reads it back to the last digit, and `give` hands it
to a bed. A device's wave is kept elsewhere: of a bed's decisions it bears only that it came.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache, lru_cache, partial
from types import NoneType
from typing import Any, Final, get_args, get_origin, get_type_hints

from pydantic import BaseModel

from alerts.rules import RuleSet, from_texts
from drivers.clock import Instant, parse_rfc3339
from drivers.readings import DeviceReport, Item, LinkChanged, Measurement, Waveform
from drivers.registry import DeviceSpec
from monitor import __version__
from monitor.bed.bed import Bed
from monitor.bed.effects import Result
from monitor.session import Command, upcast


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """A device said something, or its link changed."""

    device: str
    item: Item | LinkChanged


@dataclass(frozen=True, slots=True)
class SiteCondition:
    """A trouble of the daemon itself: `reason` while it lasts, None when it is over."""

    trouble: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Input = DeviceInput | SiteCondition | Tick | Command


@dataclass(frozen=True, slots=True)
class TimedInput:
    """What a bed was given, and when."""

    at: Instant
    input: Input


def apply(bed: Bed, given: TimedInput) -> Result:
    """Have `bed` take it. Raises `Refused` as `Bed.command` does."""
    match given.input:
        case DeviceInput(device, item):
            return bed.take(DeviceReport(device, given.at, item))
        case SiteCondition(trouble, reason):
            return bed.site(trouble, reason, given.at)
        case Tick():
            return bed.tick(given.at)
        case command:
            return bed.command(command, given.at)


# ── as text ─────────────────────────────────────────────────────────────────────────────

_SAID: Final = {cls.__name__: cls for cls in (*get_args(Item), LinkChanged)}
_OTHERS: Final = {cls.__name__: cls for cls in (SiteCondition, Tick, *get_args(Command))}

_PLAIN: Final = frozenset({str, bool, int, float})


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a field of that type is read back. Raises `TypeError` for one nobody thought of."""
    kind: Any = get_origin(hint) or hint
    parts = get_args(hint)
    if NoneType in parts:
        (other,) = (part for part in parts if part is not NoneType)
        read = _reader(other)
        return lambda data: None if data is None else read(data)
    if kind in (tuple, frozenset):
        each = _reader(parts[0])
        return lambda data: kind(map(each, data))
    if kind is Mapping:
        key, value = parts[0], _reader(parts[1])
        return lambda data: {key(name): value(inner) for name, inner in data.items()}
    if kind is datetime:
        return parse_rfc3339
    if kind in _PLAIN:
        return lambda data: data
    if is_dataclass(kind):
        return partial(_made, kind)  # type: ignore[arg-type]
    if issubclass(kind, Enum):
        return partial(kind)
    if issubclass(kind, BaseModel):
        return partial(kind.model_validate)
    raise TypeError(f"say in {__name__} how a {hint} is read back")


@cache
def _readers(cls: Any) -> dict[str, Callable[[Any], Any]]:
    return {name: _reader(hint) for name, hint in get_type_hints(cls).items()}


def _made(cls: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    read = _readers(cls)
    return cls(**{name: read[name](value) for name, value in data.items()})


for _cls in (*_SAID.values(), *_OTHERS.values()):
    _readers(_cls)


def dump(what: Input) -> str:
    """`what` as JSON text."""
    match what:
        case Tick():
            return _TICK
        case DeviceInput(device, Waveform(name, rate_hz, _)):
            return _wave(device, name, rate_hz)
        case DeviceInput(device, Measurement(readings, _) as item):
            return _said(device, item, tuple([type(reading.value) for reading in readings]))
        case DeviceInput(device, item):
            return _said(device, item)
        case _:
            return _written({"is": type(what).__name__, **_plain(what)})


_TICK: Final = '{"is":"Tick"}'


@lru_cache(maxsize=4096)
def _said(device: str, item: Item | LinkChanged, _: tuple[type, ...] = ()) -> str:
    """Devices repeat themselves. 97 and 97.0 are equal, and yet are not written alike."""
    return _written({"is": type(item).__name__, "device": device, **_plain(item)})


@lru_cache(maxsize=64)
def _wave(device: str, name: str, rate_hz: float) -> str:
    return _said(device, Waveform(name, rate_hz, ()))


@lru_cache(maxsize=4096)
def load(text: str) -> Input:
    """What `text_of` wrote. Raises `KeyError` or `ValueError` when it is nothing known."""
    data = upcast.recorded_input(json.loads(text))
    name = data.pop("is")
    if name in _SAID:
        return DeviceInput(data.pop("device"), _made(_SAID[name], data))
    found: Input = _made(_OTHERS[name], data)
    return found


def _written(data: Mapping[str, Any]) -> str:
    return json.dumps(data, default=_plain, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case BaseModel():
            return value.model_dump(mode="json")
        case Mapping():
            return dict(value)
        case _ if is_dataclass(value):
            return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{value!r} cannot be kept")


# ── where a recording opens ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class RecordingStart:
    """An empty bed was made and took up its events from number `first_n` to `last_n`.

    That is where a recording can be run from: when a daemon starts, and when it rebuilds a
    bed. `version` is that of Postdose.
    """

    at: Instant
    devices: tuple[DeviceSpec, ...]
    least_s: float
    rules: RuleSet
    first_n: int
    last_n: int
    version: str = __version__

    def as_json(self) -> dict[str, Any]:
        """The opening but for its instant, as plain JSON data."""
        return {
            "devices": [_plain(spec) | {"options": dict(spec.options)} for spec in self.devices],
            "least_s": self.least_s,
            "rules": list(self.rules.texts),
            "first_n": self.first_n,
            "last_n": self.last_n,
            "version": self.version,
        }

    @classmethod
    def from_json(cls, at: Instant, data: Mapping[str, Any]) -> "RecordingStart":
        """The opening that `as_json` wrote. Raises `RuleError`, `SpecError` or `KeyError`."""
        return cls(
            at=at,
            devices=tuple(DeviceSpec(**spec) for spec in data["devices"]),
            least_s=data["least_s"],
            rules=from_texts(
                data["rules"],
                f"the rules recorded at {at.wall:%Y-%m-%d %H:%M}",
                upcast.TECHNICAL_CONDITIONS,
            ),
            first_n=data["first_n"],
            last_n=data["last_n"],
            version=data["version"],
        )
