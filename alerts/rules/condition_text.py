"""Conditions in words and signs, as people read them."""

import math
from collections.abc import Callable
from typing import Final

from alerts.rules.model import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Fall,
    Leaf,
    Limit,
    Rise,
    TechnicalCondition,
)
from alerts.rules.vocabulary import GRADES, SYMPTOM_SIGNALS

_SIGNS: Final = {
    Comparison.ABOVE: ">",
    Comparison.BELOW: "<",
    Comparison.AT_LEAST: "≥",
    Comparison.AT_MOST: "≤",
}

_NAMES: Final = {
    "spo2": "SpO2",
    "sys": "systolic",
    "dia": "diastolic",
    "map": "mean pressure",
    "resp": "breaths",
    "cadss": "CADSS",
    "moaas": "MOAA/S",
    "consciousness": "consciousness",
    "news2": "NEWS2",
    "news2-single": "NEWS2 of one sign",
}


def as_rule_syntax(leaf: Leaf) -> str:
    """A simple condition by the names that rule files use."""
    return _said(leaf, {})


def as_plain_language(leaf: Leaf) -> str:
    """A simple condition as a nurse would say it."""
    match leaf:
        case Limit(signal, Comparison.AT_LEAST, limit) if signal in SYMPTOM_SIGNALS:
            grade = "any" if limit <= 1 else GRADES[min(math.ceil(limit), len(GRADES) - 1)]
            return f"{grade} {SYMPTOM_SIGNALS[signal].replace('-', ' ')}"
        case _:
            return _said(leaf, _NAMES)


def _said(leaf: Leaf, names: dict[str, str]) -> str:
    match leaf:
        case Limit(signal, comparison, limit):
            return f"{names.get(signal, signal)} {_SIGNS[comparison]} {limit:g}"
        case Rise(signal, at_least):
            return f"{names.get(signal, signal)} {at_least:g} or more over baseline"
        case Fall(signal, by, within_s):
            return f"{names.get(signal, signal)} down {by:g} or more within {within_s:g} s"
        case TechnicalCondition(name):
            return name


def describe(
    of: Condition, say: Callable[[Leaf], str] = as_rule_syntax, *, inner: bool = False
) -> str:
    """The condition in words; with `inner`, in brackets where it has parts."""
    match of:
        case AnyOf(parts) | AllOf(parts):
            *first, last = [describe(part, say, inner=True) for part in parts] or [""]
            joint = " or " if isinstance(of, AnyOf) else " and "
            text = f"{', '.join(first)}{joint}{last}" if first else last
            return f"({text})" if inner and first else text
        case leaf:
            return say(leaf)
