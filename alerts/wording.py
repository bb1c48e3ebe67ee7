"""The words of an alarm, from its rule and the values that raised it."""

from collections.abc import Iterator, Mapping

from alerts.rules import GRADES, SCORES, SYMPTOM_SIGNALS, Fall, Limit, Rise, Rule, leaves, signals


def values_of(rule: Rule, seen: Mapping[str, float]) -> dict[str, float]:
    """The values `rule` looked at, of those seen."""
    return {name: seen[name] for name in signals(rule.condition) if name in seen}


def render(
    rule: Rule,
    seen: Mapping[str, float],
    baseline: Mapping[str, float],
    device: str | None = None,
    reason: str | None = None,
) -> str:
    """The rule's text with its fields filled in; a field nobody knows is a dash."""
    fields: dict[str, str] = {name: _number(value) for name, value in seen.items()}
    fields |= {
        f"{name}_rise": f"{value - baseline[name]:+.0f}"
        for name, value in seen.items()
        if name in baseline
    }
    named = signals(rule.condition)
    if len(named) == 1 and named[0] in seen:
        fields["value"] = fields[named[0]]
    first = next(leaves(rule.condition))
    match first:
        case Limit(limit=limit) | Rise(at_least=limit) | Fall(of=limit):
            fields["limit"] = _number(limit)
        case _:
            pass
    fields["findings"] = ", ".join(_findings(values_of(rule, seen))) or "–"
    fields["for_s"] = _number(rule.for_s)
    fields["device"] = device or "bed"
    fields["reason"] = reason or "unknown reason"
    return rule.text.format_map(_Dashes(fields))


def _findings(values: Mapping[str, float]) -> Iterator[str]:
    """What a person found: the symptoms there are, and sedation if there is any."""
    for name, value in values.items():
        if name in SYMPTOM_SIGNALS and value:
            yield f"{GRADES[int(value)]} {SYMPTOM_SIGNALS[name].replace('-', ' ')}"
        elif name == "moaas" and value < SCORES["moaas"][1]:
            yield f"MOAA/S {_number(value)}"


class _Dashes(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "–"


def _number(value: float) -> str:
    return f"{value:g}"
