"""The log is acknowledged up to what was refused first, and a bed only as far as it came."""

from monitor.mqtt.log_progress import LogProgress
from monitor.session import Stored
from tests.monitor.event_factories import EventFactory

BEDS = {name: EventFactory(name) for name in ("a", "b", "c")}


def events(beds: str, after: int = 0) -> list[Stored]:
    """Stored events of those beds, one letter each, numbered on from `after`."""
    return [Stored(n, BEDS[bed].event(), "", "") for n, bed in enumerate(beds, after + 1)]


def progress(acknowledged: int = 0, **taken: int) -> LogProgress:
    return LogProgress(acknowledged, lambda bed: taken.get(bed, 0))


def test_it_is_acknowledged_up_to_the_first_that_is_not_taken() -> None:
    log, (first, second, third) = progress(), events("abc")
    assert [log.begin(each) for each in (first, second, third)] == [True] * 3
    log.took(third)
    assert log.acknowledged == 0
    log.took(first)
    assert log.acknowledged == 1
    log.took(second)
    assert log.acknowledged == 3


def test_a_refused_event_holds_back_its_bed_and_the_acknowledgement_only() -> None:
    log, (a1, b2, a3, b4) = progress(), events("abab")
    assert [log.begin(each) for each in (a1, b2)] == [True, True]
    log.took(b2)
    log.refuse(a1)
    assert log.begin(a3) is False
    assert log.begin(b4) is True
    log.took(b4)
    assert log.acknowledged == 0
    assert log.taken == {"b": 4}
    assert log.refused == {"a": a1}


def test_what_was_taken_after_a_refusal_at_the_same_bed_is_not_counted() -> None:
    log, (a1, a2, a3) = progress(), events("aaa")
    for each in (a1, a2, a3):
        log.begin(each)
    log.took(a1)
    log.took(a3)
    log.refuse(a2)
    assert (log.acknowledged, log.taken) == (1, {"a": 1})


def test_the_first_refused_is_the_oldest_in_whatever_order_answers_come() -> None:
    log, (a1, a2) = progress(), events("aa")
    for each in (a1, a2):
        log.begin(each)
    log.refuse(a2)
    log.refuse(a1)
    assert log.refused == {"a": a1}


def test_taken_again_it_begins_after_the_acknowledged_and_skips_what_was_taken() -> None:
    log, stored = progress(), events("abab")
    for each in stored[:2]:
        log.begin(each)
    log.took(stored[1])
    log.refuse(stored[0])
    for each in stored[2:]:
        if log.begin(each):
            log.took(each)
    log.took_again([stored[0]])
    assert (log.acknowledged, log.refused) == (0, {})
    assert [log.begin(each) for each in stored] == [False, False, True, False]
    assert log.acknowledged == 2
    log.took(stored[2])
    assert log.acknowledged == 4


def test_a_bed_that_is_still_refused_stays_so_when_another_is_taken_again() -> None:
    log, stored = progress(), events("aba")
    for each in stored[:2]:
        log.begin(each)
        log.refuse(each)
    log.took_again([stored[1]])
    assert [log.begin(each) for each in stored] == [False, False, False]
    assert log.refused == {"a": stored[0]}
    assert log.acknowledged == 0


def test_a_first_one_that_an_older_has_replaced_opens_nothing() -> None:
    log, (a1, a2) = progress(), events("aa")
    for each in (a1, a2):
        log.begin(each)
    log.refuse(a2)
    log.refuse(a1)
    log.took_again([a2])
    assert (log.refused, log.acknowledged) == ({"a": a1}, 0)


def test_an_earlier_run_s_places_are_kept() -> None:
    log = progress(1, b=3)
    assert [log.begin(each) for each in events("bbb", after=1)] == [False, False, True]
    assert log.acknowledged == 3
