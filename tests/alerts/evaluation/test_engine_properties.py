"""Whatever happens at a bed: no alarm hides or ends another, or takes more than a lesser one."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.alarm.lifecycle import ALARM_ENDINGS, ALARM_ONSETS, Alarm, AlarmChange
from alerts.rules.model import Kind, Priority
from tests.alerts.engine_fixtures import DEFAULT, TECHNICAL_CONDITIONS, BedEngine

TAKES = {rule.id: rule.takes for rule in DEFAULT.rules}

Step = Callable[[BedEngine], object]

TECHNICAL = [(t, device) for device, names in TECHNICAL_CONDITIONS.items() for t in names]


def _steps() -> st.SearchStrategy[tuple[str, Step]]:
    """Something that happens, and what it is called."""
    condition = st.sampled_from(TECHNICAL)
    values = st.sampled_from(
        [
            *({"spo2": 84}, {"spo2": 98}, {"pulse": 150}, {"pulse": 70}),
            *({"sys": 190, "dia": 85}, {"sys": 120, "dia": 80}),
            *({"cadss": 31}, {"cadss": 0}, {"moaas": 1}, {"moaas": 5}),
        ]
    )
    return st.one_of(
        values.map(lambda seen: ("see", lambda s: s.see(**seen))),
        values.map(lambda seen: ("hold", lambda s: s.hold(15, **seen))),
        st.sampled_from([1, 12, 40, 70, 200]).map(lambda n: ("wait", lambda s: s.wait(n))),
        condition.map(lambda at: ("technical", lambda s: s.condition(*at))),
        condition.map(lambda at: ("technical", lambda s: s.condition_over(*at))),
        st.just(("lose", lambda s: s.lose(*s._values))),
        st.integers(0, 9).map(lambda n: ("acknowledge", lambda s: _take(s, n))),
        st.integers(0, 9).map(lambda n: ("unacknowledge", lambda s: _unacknowledge(s, n))),
    )


def _take(seen: BedEngine, n: int) -> None:
    if alarms := seen.engine.open_alarms():
        alarm = alarms[n % len(alarms)]
        seen.changes += seen.engine.acknowledge(alarm.id, "nurse.a", None, seen.now)


def _unacknowledge(seen: BedEngine, n: int) -> None:
    if alarms := [*seen.engine.alarms.values()]:
        seen.changes += seen.engine.unacknowledge(
            alarms[n % len(alarms)].id, "b", None, "s-1", seen.now
        )


def _open(seen: BedEngine) -> dict[str, Alarm]:
    return {alarm.id: alarm for alarm in seen.engine.open_alarms()}


def _began(changes: list[AlarmChange]) -> set[str]:
    return {change.alarm.id for change in changes if change.type in ALARM_ONSETS}


def _is_covered(alarm: Alarm, before: dict[str, Alarm]) -> bool:
    """Whether an alarm that starts acknowledged was so with a graver one that a person has."""
    graver = before[alarm.taken_with or ""]
    return graver.acknowledged_by == alarm.acknowledged_by and alarm.rule in TAKES[graver.rule]


@settings(deadline=None)
@given(st.lists(_steps(), max_size=25))
def test_no_alarm_hides_or_ends_another_and_takes_only_a_lesser_one(
    steps: list[tuple[str, Step]],
) -> None:
    seen = BedEngine()
    for name, step in steps:
        before, first = _open(seen), len(seen.changes)
        step(seen)
        after, new = _open(seen), seen.changes[first:]

        by_people = [c.alarm for c in new if c.by is not None]
        for alarm in by_people[1:]:
            asked = by_people[0]
            assert alarm.id == asked.id or alarm.rule in TAKES[asked.rule]
        for id_, alarm in after.items():
            if alarm.acknowledged and not (id_ in before and before[id_].acknowledged):
                if id_ in _began(new):
                    assert _is_covered(alarm, before)
                    continue
                assert name == "acknowledge"
                assert id_ in {taken.id for taken in by_people}

        ended = {c.alarm.id for c in new if c.type in ALARM_ENDINGS}
        assert before.keys() - after.keys() <= ended
        if name == "technical":
            for id_, alarm in before.items():
                assert alarm.kind is Kind.TECHNICAL or after[id_] == alarm


@settings(deadline=None)
@given(st.lists(_steps(), max_size=25))
def test_what_waits_for_a_person_always_calls_again(steps: list[tuple[str, Step]]) -> None:
    seen = BedEngine()
    for _, step in steps:
        step(seen)
        waiting = [
            alarm.notified_at
            for alarm in seen.engine.open_alarms()
            if not alarm.acknowledged
            and alarm.kind is not Kind.ADVISORY
            and alarm.priority > Priority.LOW
        ]
        assert all((seen.now.wall - notified_at).total_seconds() < 180 for notified_at in waiting)
