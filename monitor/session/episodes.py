"""Sedation, dissociation and respiratory depression: whether, from when, until when. Pure."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from alerts.rules import Kind
from monitor.session.history import AlarmOccurrence, SessionHistory
from monitor.session.records import Score

DISSOCIATED_OVER: Final = 4
"""A CADSS over this is dissociation [clinical.md]."""

ALERT: Final = 5
"""A MOAA/S under this is sedation [label]."""

BREATHING: Final = ("spo2.", "resp.")
"""The rules that see respiratory depression; an alarm of NEWS2 does when breathing scored."""

BREATHING_SCORES: Final = frozenset({"resp", "spo2"})


@dataclass(frozen=True, slots=True)
class Episode:
    """Something that came and went after the first dose.

    `seen` is what shows it, oldest first: scores, or alarms. Where it was looked for and not
    found, `seen` is what shows that, and `onset_at` is None. `over_at` is when it was seen to
    be over for good, None when it was not.
    """

    seen: tuple[Score, ...] | tuple[AlarmOccurrence, ...]
    onset_at: datetime | None = None
    over_at: datetime | None = None
    worst: str | None = None


def sedation(history: SessionHistory) -> Episode:
    """MOAA/S under 5 after the first dose; `seen` is empty when it was never scored."""
    return _scored(history, "moaas", lambda total: total < ALERT, min, "MOAA/S")


def dissociation(history: SessionHistory) -> Episode:
    """CADSS over 4 after the first dose; `seen` is empty when it was never scored."""
    return _scored(history, "cadss", lambda total: total > DISSOCIATED_OVER, max, "CADSS")


def _scored(
    history: SessionHistory,
    scale: str,
    present: Callable[[int], bool],
    worst: Callable[[list[int]], int],
    name: str,
) -> Episode:
    first = history.session.first_dose_at
    scores = [s for s in history.session.scores if s.scale == scale]
    after = [s for s in scores if first is not None and s.at >= first]
    found = [s for s in after if present(s.total)]
    if not found:
        return Episode(tuple(after))
    later = [s for s in after[after.index(found[-1]) :] if not present(s.total)]
    shown = (*found, *later[:1])
    total = worst([s.total for s in found])
    return Episode(shown, found[0].at, later[0].at if later else None, f"{name} {total}")


def respiratory_depression(history: SessionHistory) -> Episode:
    """Alarms of oxygen saturation and breathing after the first dose, and of NEWS2 by them."""
    first = history.session.first_dose_at
    found = [
        span
        for span in history.alarms()
        if span.kind is Kind.PHYSIOLOGICAL
        and first is not None
        and span.raised_at >= first
        and (span.rule.startswith(BREATHING) or _by_breathing(history, span))
    ]
    if not found:
        return Episode(())
    ends = [span.over_at for span in found]
    over_at = None if None in ends else max(end for end in ends if end is not None)
    worst = max(found, key=lambda span: span.priority)
    return Episode(tuple(found), found[0].raised_at, over_at, worst.text)


def _by_breathing(history: SessionHistory, span: AlarmOccurrence) -> bool:
    if not span.rule.startswith("news2."):
        return False
    scored = [news2 for news2 in history.session.news2 if news2.at <= span.raised_at]
    points = {**scored[-1].held, **scored[-1].points} if scored else {}
    return any(points.get(name, 0) for name in BREATHING_SCORES)
