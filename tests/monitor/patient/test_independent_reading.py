"""The form agrees with a second reader, which derives every answer from the raw events."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pytest

from alerts.alarm import Alarm, State
from alerts.rules import Kind, Priority
from monitor.patient.form import MonitoringForm, monitoring_form
from monitor.session.coverage import Coverage, Span
from monitor.session.events import Event
from monitor.session.history import SessionHistory
from tests.lengths import length
from tests.monitor.builders import REGIMENS, START
from tests.monitor.patient.reader import OF_PRESSURE, OF_SPO2, Reader, Sample
from tests.monitor.sessions import closed, given, infusion, pressed, scored, told

SESSIONS: Final = length(200, 3000)
EVERY_S: Final = 20
CLASSES: Final = ("benzodiazepine", "sedative", "opioid", "stimulant", "mao-inhibitor")

Happened = tuple[float, str, dict[str, Any]]
"""Minutes after the session's start, an event's type and its payload."""


@dataclass(frozen=True)
class Lived:
    """A session's events, and the readings of SpO2 by the second."""

    events: list[Event]
    samples: list[Sample]


def lived(seed: int) -> Lived:
    """A session as it may have been, well looked after or not."""
    rng = random.Random(seed)
    regimen = rng.choice(["esketamine-28", "esketamine-56", "esketamine-84", "ketamine-iv"])
    dosed = rng.choice([8.0, 20.0, 45.0])
    doses = [*(_infused if regimen == "ketamine-iv" else _devices)(rng, dosed, regimen)]
    last = max(at for at, _, _ in doses)
    until = round(last + rng.choice([5, 30, 70, 118, 135, 170]))
    samples = [*_saturation(rng, dosed, until)]
    happened = [
        *_before(rng, dosed),
        *doses,
        *_checks(rng, last, until),
        *_observations(rng, dosed, until),
        *_alarms(rng, samples),
    ]
    happened = sorted((h for h in happened if h[0] < until), key=lambda one: one[0])
    if (end := _ending(rng, until)) is not None:
        happened.append(end)
    if regimen != "ketamine-iv" and rng.random() < 0.2:
        now = rng.choice(["esketamine-28", "esketamine-84"])
        right = {"was": {"regimen": regimen}, "now": {"regimen": now}, "reason": "why", "by": "n"}
        right["regimen"] = REGIMENS[now].model_dump(mode="json")
        happened.append((rng.uniform(0, until), "session.corrected", right))
        happened.sort(key=lambda one: one[0])
    events = told(1, 0, *happened, regimen=regimen)
    asked = {"medicines": rng.choice([None, [], ["OxyContin", "no opioids"]])}
    events[0] = replace(events[0], payload={**events[0].payload, **asked})
    return Lived(_put_right(rng, [_as_alarm(event) for event in events]), samples)


def _devices(rng: random.Random, at: float, regimen: str) -> Iterator[Happened]:
    for n in range(rng.choice([1, int(regimen[-2:]) // 28])):
        yield given(at + n * rng.choice([5, 5, 7, 51]), 28)


def _infused(rng: random.Random, at: float, _: str) -> Iterator[Happened]:
    yield infusion(at, "started")
    ran = rng.choice([10, 40, 40, 55])
    if rng.random() < 0.4:
        yield infusion(at + 5, "paused")
        yield infusion(at + 9, "resumed")
    if rng.random() < 0.4:
        yield given(at + rng.choice([-2, 2, 60]), 35.5, product="ketamine")
    if rng.random() < 0.9:
        yield infusion(at + ran, "ended")


def _before(rng: random.Random, dosed: float) -> Iterator[Happened]:
    for _ in range(rng.choice([0, 1, 1, 2])):
        at = rng.uniform(0, dosed)
        yield pressed(at, rng.choice([90, 118, 136, 141]))
        if rng.random() < 0.5:
            decided = {"clinician": "dr.b", "reason": "why", "by": "n", "sys": 150, "dia": 90}
            yield at + 0.05, "clearance.recorded", {"scope": "pre-dose-pressure", **decided}
    yield rng.uniform(0, dosed), "score.recorded", {"scale": "moaas", "total": 5, "by": "n"}
    if rng.random() < 0.5:
        classes = {name: rng.random() < 0.3 for name in CLASSES if rng.random() < 0.6}
        asked = {"medicines": None, "escort_planned": None, "by": "n"}
        yield rng.uniform(0, dosed), "preparation.recorded", {**asked, "medicine_classes": classes}


def _checks(rng: random.Random, last: float, until: float) -> Iterator[Happened]:
    """Scores and pressures at their times, but for those that were left out."""
    care, ill = rng.choice([0.0, 0.3, 0.8, 1.0]), rng.choice([0.0, 0.0, 0.3])
    for minute in (15, 30, 45, 60, 75, 90, 107, until - last - 2):
        if rng.random() < care:
            total = rng.choice([0, 3, 4]) if rng.random() < ill else 5
            yield scored(last + minute + rng.uniform(-3, 3), "moaas", total)
    for minute in (40, 90, until - last - 2):
        if rng.random() < care:
            total = rng.choice([5, 31]) if rng.random() < ill else rng.choice([0, 4])
            yield scored(last + minute + rng.uniform(-3, 3), "cadss", total)
    for minute in (20, 40, 60, 90, 120, until - last - rng.choice([1, 14, 16])):
        if rng.random() < care:
            yield pressed(last + minute + rng.uniform(-0.5, 0.5), rng.choice([120, 150]))


def _observations(rng: random.Random, dosed: float, until: float) -> Iterator[Happened]:
    for _ in range(rng.choice([0, 0, 1, 3, 5])):
        seen: dict[str, Any] = {
            "resp": rng.choice([None, 7, 8, 9, 12, 14]),
            "temperature": None,
            "by": "n",
        }
        seen |= {"oxygen": rng.choice([None, None, True, False]), "consciousness": None}
        seen |= {"oxygen_flow": rng.choice([2.0, 4.0, None])} if seen["oxygen"] else {}
        yield rng.uniform(dosed - 5, until), "observation.recorded", seen


def _saturation(rng: random.Random, dosed: float, until: float) -> Iterator[Sample]:
    if rng.random() < 0.1:
        return
    away = [rng.uniform(dosed - 3, until) for _ in range(rng.choice([0, 0, 1, 3]))]
    dips = [rng.uniform(dosed - 3, until) for _ in range(rng.choice([0, 0, 1, 2]))]
    gap, dip = rng.choice([0.5, 4, 7, 20]), rng.choice([0.4, 1, 5])
    last_s = 60 * until - rng.choice([0, 0, 45, 90])
    for second in range(int(60 * (dosed - 5)), int(last_s) + 1, EVERY_S):
        minute = second / 60
        if not any(at <= minute < at + gap for at in away):
            low = any(at <= minute < at + dip for at in dips)
            yield float(second), 86 if low else rng.choice([95, 97])


def _alarms(rng: random.Random, samples: list[Sample]) -> Iterator[Happened]:
    """An alarm while SpO2 is low, told as raw as the engine does; and others to be passed over."""
    rule, since = rng.choice(["spo2.low", "spo2.very-low"]), None
    for n, (second, value) in enumerate(samples):
        at = second / 60 + 0.1
        if value < 93 and since is None:
            since = f"{rule}-{n}"
            yield at, "alarm.raised", {"of": (since, rule, False)}
        elif value >= 93 and since is not None:
            yield at, "alarm.ended", {"of": (since, rule, True)}
            since = None
        elif rng.random() < 0.002:
            other = rng.choice(["spo2.falling", "news2.high", "pulse.low", "resp.low"])
            yield at, "alarm.raised", {"of": (f"{other}-{n}", other, False)}


def _as_alarm(event: Event) -> Event:
    if (of := event.payload.get("of")) is None:
        return event
    id_, rule, is_over = of
    raised = Alarm(
        id_, event.bed, event.session, rule, None, Kind.PHYSIOLOGICAL, Priority.HIGH, False,
        "SpO2 86 %", "", {}, event.at, event.at, ("nurse",),
    )  # fmt: skip
    if is_over:
        raised = replace(raised, state=State.ENDED, condition_ended_at=event.at, ended_at=event.at)
    return replace(event, subject=id_, payload={"alarm": raised.as_json()})


def _ending(rng: random.Random, until: float) -> Happened | None:
    if (end := rng.choice(["closed", "closed", "closed", "aborted", None])) is None:
        return None
    if end == "aborted":
        return until, "session.aborted", {"by": "n", "reason": "went home"}
    at, type_, payload = closed(until)
    names = (*OF_PRESSURE, *OF_SPO2, "no-alarm", "cadss", "escort")
    criteria = [{"name": n, "met": rng.random() < 0.93, "why": "so it was"} for n in names]
    return at, type_, payload | {"criteria": criteria}


def _put_right(rng: random.Random, events: list[Event]) -> list[Event]:
    """Some records are corrected, some withdrawn, before the session ends."""
    ends = events[-1].type in ("session.closed", "session.aborted")
    body, end = (events[:-1], events[-1:]) if ends else (events, [])
    scores = [event for event in body if event.type == "score.recorded"]
    for n, was in enumerate(rng.sample(scores, min(len(scores), rng.choice([0, 0, 1, 2])))):
        at = body[-1].at
        if rng.random() < 0.5:
            type_ = "record.retracted"
            payload: dict[str, Any] = {"record": was.id, "by": "m", "reason": "wrong"}
        else:
            was_at = was.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
            total = rng.choice([0, 4, 5])
            type_ = "score.recorded"
            payload = {
                **was.payload, "total": total, "by": "m", "corrects": was.id, "at": was_at,
            }  # fmt: skip
        body.append(replace(was, id=f"c-{n}", n=len(body) + 1, type=type_, at=at, payload=payload))
    return body + end


def covered(samples: list[Sample], start: datetime, end: datetime) -> Coverage:
    """What the journal makes of the readings from `start` to `end`."""
    read = [(START.wall + timedelta(seconds=s), value) for s, value in samples]
    read = [(at, value) for at, value in read if start <= at <= end]
    if not read:
        return Coverage()
    cuts = [0, *(n for n, (a, b) in enumerate(pairwise(read), 1) if (b[0] - a[0]).seconds > 60)]
    parts = [read[a:b] for a, b in pairwise([*cuts, len(read)])]
    spans = [Span(p[0][0], p[-1][0], min(v for _, v in p), len(p)) for p in parts]
    under: list[tuple[datetime, datetime]] = []
    since: datetime | None = None
    for at, value in [*read, (read[-1][0], 100.0)]:
        if value < 94 and since is None:
            since = at
        elif value >= 94 and since is not None:
            under.append((since, at))
            since = None
    return Coverage(("oximeter",), tuple(spans), tuple(under))


def form_of(one: Lived) -> MonitoringForm:
    history = SessionHistory.from_events(one.events)
    assert history is not None
    first, now = history.session.first_dose_at, one.events[-1].at
    assert first is not None
    coverage = covered(one.samples, first, history.session.ended_at or now)
    return monitoring_form(history, coverage, now, UTC)


def answers(reader: Reader) -> dict[str, Any]:
    """Every answer of the form as the second reader gives it."""
    depressed, is_over = reader.depressed()
    return {
        "sedation": reader.scored("moaas"),
        "dissociation": reader.scored("cadss"),
        "respiratory_depression": depressed,
        "respiratory depression is over": is_over,
        "oximetry": True if reader.samples else None,
        "acceptable_before": reader.acceptable_before(),
        "acceptable_after": reader.acceptable_after(),
        "moaas not made": reader.unmade("moaas"),
        "cadss not made": reader.unmade("cadss"),
    } | {name: reader.takes(name) for name in CLASSES}


def told_by(form: MonitoringForm) -> dict[str, Any]:
    """The same as the form gives it."""
    values = {each.name: each.value for each in form.fields}
    found = {
        name: values[name]["occurred"]
        for name in ("sedation", "dissociation", "respiratory_depression", "oximetry")
    }
    after = values["acceptable_after"]
    return {
        **found,
        "respiratory depression is over": values["respiratory_depression"]["over_at"] is not None,
        "acceptable_before": values["acceptable_before"]["acceptable"],
        "acceptable_after": None if after is None else after["acceptable"],
        "moaas not made": [check["minute"] for check in values["sedation"]["unmade"]],
        "cadss not made": [check["minute"] for check in values["dissociation"]["unmade"]],
    } | (dict.fromkeys(CLASSES) if values["medicines"] is None else values["medicines"]["classes"])


ANSWERS: Final = {"yes": True, "not assessed": None, "no": False}


def texts_agree(form: MonitoringForm) -> bool:
    """Whether each text begins with the answer that its value has."""
    return all(
        ANSWERS[re.match("yes|not assessed|no", each.text)[0]] is each.value[key]  # type: ignore[index]
        for each in form.fields
        for key in ("occurred", "acceptable")
        if isinstance(each.value, dict) and key in each.value
    )


BLOCK: Final = 50


@pytest.mark.parametrize("first", range(0, SESSIONS, BLOCK))
def test_the_form_and_a_second_reader_agree(first: int) -> None:
    seen: Counter[tuple[str, Any]] = Counter()
    for seed in range(first, first + BLOCK):
        one = lived(seed)
        form = form_of(one)
        read = answers(Reader(one.events, one.samples))
        assert told_by(form) == read, f"session {seed}"
        assert texts_agree(form), f"session {seed}"
        seen.update((name, value) for name, value in read.items() if not isinstance(value, list))
    for name in ("sedation", "dissociation", "respiratory_depression", "acceptable_before"):
        assert all(seen[name, answer] for answer in (True, False, None)), (name, seen)
    assert all(seen["acceptable_after", answer] for answer in (True, False, None)), seen
    assert all(seen["opioid", answer] for answer in (True, False, None)), seen
    assert seen["respiratory depression is over", True]
