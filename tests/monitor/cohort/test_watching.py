"""Nobody is left unwatched unnoticed, whoever the nurse is: simulated stays, read a second time."""

import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC
from typing import Final

import pytest

from monitor.cohort.run import NURSES
from monitor.patient.form import MonitoringForm, monitoring_form
from monitor.session.events import Event
from monitor.session.history import SessionHistory
from tests.lengths import length
from tests.monitor.cohort.checker import Checker, Claim, Turn
from tests.monitor.cohort.stays import Stay, forgetful_stays, watched
from tests.monitor.patient.reader import Reader
from tests.monitor.patient.test_independent_reading import answers, covered, texts_agree, told_by

BLOCKS: Final = length(1, 6)
PATIENTS: Final = length(2, 30)
INFUSION: Final = "ketamine-iv"


def faults(turns: Iterable[Turn], *, is_infusion: bool = False) -> list[str]:
    checker = Checker(is_infusion)
    for turn in turns:
        checker.take(turn)
    return checker.faults


def form_of(one: Stay) -> MonitoringForm | None:
    history = SessionHistory.from_events(one.events)
    assert history is not None
    first, ended = history.session.first_dose_at, history.session.ended_at
    assert ended is not None
    if first is None:
        return None
    return monitoring_form(history, covered([*one.samples], first, ended), ended, UTC)


@pytest.mark.parametrize("block", range(BLOCKS))
@pytest.mark.parametrize("nurse", NURSES)
@pytest.mark.parametrize("regimen", ["esketamine-84", "esketamine-56", INFUSION])
def test_nobody_is_unwatched_unnoticed_and_no_form_says_what_nobody_saw(
    regimen: str, nurse: str, block: int
) -> None:
    seed = length(block + 1, random.randrange(10**6))
    for n, one in enumerate(watched(regimen, nurse, seed, PATIENTS), start=1):
        where = f"{regimen}, {nurse}, seed {seed}, patient {n}"
        found = faults(one.turns, is_infusion=regimen == INFUSION)
        assert not found, f"{where}: {found[0]}"
        if (form := form_of(one)) is not None:
            told, read = told_by(form), answers(Reader(one.events, one.samples))
            if any(event.type == "clearance.recorded" for event in one.events):
                del told["acceptable_before"], read["acceptable_before"]
            assert told == read, where
            assert texts_agree(form), where


# ── what it would have found ────────────────────────────────────────────────────────────

Doctored = Callable[[Sequence[Turn]], Iterable[Turn]]


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> list[Stay]:
    return forgetful_stays(tmp_path_factory)


def without(is_left_out: Callable[[Event], bool]) -> Doctored:
    """The turns without these events: what was not recorded, or nobody was told."""

    def doctored(turns: Sequence[Turn]) -> Iterator[Turn]:
        for turn in turns:
            yield replace(turn, events=[e for e in turn.events if not is_left_out(e)])

    return doctored


def unalarmed(event: Event) -> bool:
    return event.type.startswith("alarm.")


def never_ended(turns: Sequence[Turn]) -> Iterator[Turn]:
    """Twenty minutes more in which nobody looks at who was ready."""
    yield from without(lambda event: event.type == "session.closed")(turns)
    yield Turn(turns[-1].at + 1200, True, ())


def claiming(change: Callable[[Claim, Turn], Claim]) -> Doctored:
    def doctored(turns: Sequence[Turn]) -> Iterator[Turn]:
        for turn in turns:
            claims = turn.claims and [change(claim, turn) for claim in turn.claims]
            yield replace(turn, claims=claims)

    return doctored


def never_missed(claim: Claim, _: Turn) -> Claim:
    return (*claim[:2], "overdue" if claim[2] == "missed" else claim[2], claim[3])


def made_up_for(claim: Claim, turn: Turn) -> Claim:
    is_late = turn.at > claim[1] + 3600
    return (*claim[:2], "done" if claim[2] == "missed" and is_late else claim[2], claim[3])


def done_by_one(claim: Claim, _: Turn) -> Claim:
    return (*claim[:3], None if claim[3] is None else 0.0)


@pytest.mark.parametrize(
    ("doctored", "words"),
    [
        (without(lambda event: event.type == "pressure.measured"), "without pressure"),
        (without(lambda event: event.payload.get("scale") == "moaas"), "without moaas"),
        (without(lambda event: event.payload.get("scale") == "cadss"), "without cadss"),
        (without(lambda event: event.type == "dose.given"), "before the last dose"),
        (without(unalarmed), "is overdue and nobody is told"),
        (without(unalarmed), "and no alarm"),
        (without(lambda event: event.type == "alarm.ended"), "is called overdue and is not"),
        (never_ended, "still ready without"),
        (claiming(never_missed), "stands"),
        (claiming(made_up_for), "was missed, is done"),
        (claiming(done_by_one), "checks"),
    ],
)
def test_the_second_reader_finds_what_is_not_as_it_should_be(
    stays: list[Stay], doctored: Doctored, words: str
) -> None:
    assert not any(fault for one in stays for fault in faults(one.turns))
    assert any(words in fault for one in stays for fault in faults(doctored(one.turns)))
