"""A bed's inputs, and the start of their recording, as JSON. Pure.

`dump` writes an input as text and `load` reads it back to the last digit. The samples of a
waveform are stored elsewhere: a bed's decisions depend only on its arrival.
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
from drivers.readings import Item, LinkChanged, Measurement, Waveform
from drivers.registry import DeviceSpec
from monitor import __version__
from monitor.bed.inputs import DeviceInput, Input, SeenBefore, SiteCondition, Tick
from monitor.session import Command, upcast

_ITEMS: Final = {cls.__name__: cls for cls in (*get_args(Item), LinkChanged)}
_OTHERS: Final = {cls.__name__: cls for cls in (SiteCondition, Tick, *get_args(Command))}

_PLAIN: Final = frozenset({str, bool, int, float})


def _decoder(hint: Any) -> Callable[[Any], Any]:
    """Decode a field of that type. Raises `TypeError` for a type that has no decoder."""
    kind: Any = get_origin(hint) or hint
    parts = get_args(hint)
    if NoneType in parts:
        (other,) = (part for part in parts if part is not NoneType)
        decode = _decoder(other)
        return lambda data: None if data is None else decode(data)
    if kind in (tuple, frozenset):
        each = _decoder(parts[0])
        return lambda data: kind(map(each, data))
    if kind is Mapping:
        key, value = parts[0], _decoder(parts[1])
        return lambda data: {key(name): value(inner) for name, inner in data.items()}
    if kind is datetime:
        return parse_rfc3339
    if kind in _PLAIN:
        return lambda data: data
    if is_dataclass(kind):
        return partial(_decode, kind)  # type: ignore[arg-type]
    if issubclass(kind, Enum):
        return partial(kind)
    if issubclass(kind, BaseModel):
        return partial(kind.model_validate)
    raise TypeError(f"{__name__} has no decoder for {hint}")


@cache
def _decoders(cls: Any) -> dict[str, Callable[[Any], Any]]:
    return {name: _decoder(hint) for name, hint in get_type_hints(cls).items()}


def _decode(cls: Callable[..., Any], data: Mapping[str, Any]) -> Any:
    decoders = _decoders(cls)
    return cls(**{name: decoders[name](value) for name, value in data.items()})


for _cls in (*_ITEMS.values(), *_OTHERS.values()):
    _decoders(_cls)


def dump(given: Input) -> str:
    """`given` as JSON text."""
    match given:
        case Tick():
            return _TICK
        case DeviceInput(device, Waveform(name, rate_hz, _)):
            return _dump_waveform(device, name, rate_hz)
        case DeviceInput(device, Measurement(readings, _) as item):
            return _dump_item(device, item, tuple([type(reading.value) for reading in readings]))
        case DeviceInput(device, item):
            return _dump_item(device, item)
        case _:
            return _to_json({"is": type(given).__name__, **_plain(given)})


_TICK: Final = '{"is":"Tick"}'

MEASURED: Final = '{"is":"Measurement"'
"""What the text of a `Measurement` begins with."""


@lru_cache(maxsize=4096)
def _dump_item(device: str, item: Item | LinkChanged, _: tuple[type, ...] = ()) -> str:
    """Cached, as devices repeat themselves; by types as well, as 97 equals 97.0."""
    return _to_json({"is": type(item).__name__, "device": device, **_plain(item)})


@lru_cache(maxsize=64)
def _dump_waveform(device: str, name: str, rate_hz: float) -> str:
    return _dump_item(device, Waveform(name, rate_hz, ()))


@lru_cache(maxsize=4096)
def load(text: str) -> Input:
    """The input that `dump` wrote. Raises `KeyError` or `ValueError` for any other text."""
    data = upcast.recorded_input(json.loads(text))
    name = data.pop("is")
    if name in _ITEMS:
        return DeviceInput(data.pop("device"), _decode(_ITEMS[name], data))
    found: Input = _decode(_OTHERS[name], data)
    return found


def _to_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, default=_plain, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    match value:
        case datetime():
            return value.isoformat()
        case frozenset():
            return sorted(value)
        case BaseModel():
            return value.model_dump(mode="json", exclude_unset=True)
        case Mapping():
            return dict(value)
        case _ if is_dataclass(value):
            return {
                field.name: getattr(value, field.name)
                for field in fields(value)
                if not (field.metadata.get("added") and getattr(value, field.name) == field.default)
            }
    raise TypeError(f"{value!r} has no JSON form")


@dataclass(frozen=True, slots=True)
class RecordingStart:
    """A new bed was restored from its events number `first_n` to `last_n`.

    A replay can begin here: recordings start when the daemon does, and when it rebuilds a
    bed. `seen_before` is what the bed was told of the time before, `version` that of Postdose, and
    `boot` names the start of the machine that the monotonic clock counts from; `began_anew` that it
    is another than that of the open session's last dose.
    """

    at: Instant
    devices: tuple[DeviceSpec, ...]
    least_s: float
    rules: RuleSet
    first_n: int
    last_n: int
    version: str = __version__
    seen_before: SeenBefore | None = None
    boot: str | None = None
    began_anew: bool = False

    def as_json(self) -> dict[str, Any]:
        """The start without its instant, as plain JSON data."""
        return {
            "devices": [_plain(spec) | {"options": dict(spec.options)} for spec in self.devices],
            "least_s": self.least_s,
            "rules": list(self.rules.texts),
            "first_n": self.first_n,
            "last_n": self.last_n,
            "version": self.version,
            "seen_before": None if self.seen_before is None else self.seen_before.as_json(),
            "boot": self.boot,
            "began_anew": self.began_anew,
        }

    @classmethod
    def from_json(cls, at: Instant, data: Mapping[str, Any]) -> "RecordingStart":
        """The start that `as_json` wrote. Raises `RuleError`, `SpecError` or `KeyError`."""
        seen_before = data.get("seen_before")
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
            seen_before=None if seen_before is None else SeenBefore.from_json(seen_before),
            boot=data.get("boot"),
            began_anew=data.get("began_anew", False),
        )
