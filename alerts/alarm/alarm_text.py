"""The words of an alarm, from its rule and the values that raised it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from alerts.rules import (
    GRADES,
    SCORES,
    SYMPTOM_SIGNALS,
    Fall,
    Limit,
    Rise,
    Rule,
    leaves,
    signals_in,
)


def values_of(rule: Rule, seen: Mapping[str, float]) -> dict[str, float]:
    """The values of the signals that `rule` names, of those seen."""
    return {name: seen[name] for name in signals_in(rule.condition) if name in seen}


def render(
    rule: Rule,
    seen: Mapping[str, float],
    baseline: Mapping[str, float],
    device: str | None = None,
    reason: str | None = None,
    signals_lost: Iterable[str] = (),
    worst: Mapping[str, float] | None = None,
    words: Mapping[str, str] | None = None,
) -> str:
    """The rule's text with its fields filled in; a field nobody knows is a dash.

    `signals_lost` are those that nobody gives because of what the rule is about. `worst` are
    the worst values so far, which stand beside the text where they are not those `seen`.
    `words` are fields of another kind than numbers: `signs` and `partial` of NEWS2.
    """
    fields: dict[str, str] = {name: _number(value) for name, value in seen.items()}
    fields |= {
        f"{name}_rise": f"{value - baseline[name]:+.0f}"
        for name, value in seen.items()
        if name in baseline
    }
    named = signals_in(rule.condition)
    if len(named) == 1 and named[0] in seen:
        fields["value"] = fields[named[0]]
    for leaf in leaves(rule.condition):
        match leaf:
            case Limit(signal, _, limit) | Rise(signal, limit) | Fall(signal, limit, _):
                fields.setdefault("limit", _number(limit))
                fields.setdefault(f"{signal}_limit", _number(limit))
            case _:
                pass
    fields["findings"] = ", ".join(_findings(values_of(rule, seen))) or "–"
    fields["for_s"] = _number(rule.for_s)
    fields["device"] = device or "bed"
    fields["reason"] = reason or "unknown reason"
    fields["blind"] = (
        _listed([_IN_PLAIN_LANGUAGE.get(name, name) for name in signals_lost]) or "nothing"
    )
    fields |= {"partial": "", **(words or {})}
    return rule.text.format_map(_Dashes(fields)) + _worst(worst or {}, seen)


def _worst(worst: Mapping[str, float], seen: Mapping[str, float]) -> str:
    if all(seen.get(name, value) == value for name, value in worst.items()):
        return ""
    return f" (worst {'/'.join(map(_number, worst.values()))})"


_IN_PLAIN_LANGUAGE: Final[Mapping[str, str]] = {
    "spo2": "SpO2",
    **dict.fromkeys(("sys", "dia", "map"), "pressure"),
    "resp": "breathing",
}


def _listed(words: Iterable[str]) -> str:
    *most, last = [*dict.fromkeys(words)] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _findings(values: Mapping[str, float]) -> Iterator[str]:
    """What a person found: the symptoms there are, and sedation if there is any."""
    for name, value in values.items():
        if name in SYMPTOM_SIGNALS and value:
            yield f"{GRADES[int(value)]} {SYMPTOM_SIGNALS[name].replace('-', ' ')}"
        elif name == "moaas" and value < SCORES["moaas"][1]:
            yield f"MOAA/S {_number(value)}"
        elif name == "consciousness" and value < SCORES["moaas"][1]:
            yield f"consciousness {_number(value)} of 5"


class _Dashes(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def _number(value: float) -> str:
    return f"{value:g}"
