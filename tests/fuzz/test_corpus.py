"""What fuzzing found is tried again, and a short search is made in each dialect."""

import random

import pytest

from drivers.codec import Codec
from drivers.driver import Dialect
from drivers.readings import Identity, Item
from tests.drivers.examples import Case, Example, cases
from tests.fuzz.mutations import LONGEST, mutate
from tests.fuzz.properties import broken
from tests.fuzz.search import CORPUS, kept, reached, search, shortest
from tests.lengths import length

TRIES = length(20, 5000)

each = pytest.mark.parametrize("case", cases(), ids=str)


@each
def test_all_holds_of_what_was_found_before(case: Case) -> None:
    for data in kept(case):
        assert broken(case, data) is None, data.hex(" ")


@each
def test_all_holds_of_what_comes_of_it(case: Case) -> None:
    found = search(case, seconds=float("inf"), seed=length(0, random.randrange(10**6)), most=TRIES)
    assert found.fault is None, f"{found.why}: {found.fault.hex(' ')}"


def test_the_corpus_is_of_dialects_that_there_are() -> None:
    found = {folder.name for folder in CORPUS.iterdir()}
    assert found
    assert found <= {str(case) for case in cases()}


class Fragile(Codec):
    """Breaks at `!?`, and counts what comes in one piece."""

    def feed(self, data: bytes) -> list[Item]:
        if b"!?" in data:
            raise ValueError("never before seen")
        self.stats.frames += data.count(b"a")
        return [Identity("long")] if b"bbbb" in data else []


def fragile() -> Case:
    driver = cases()[0].driver
    dialect = Dialect("fragile", lambda _: Fragile({}), driver.dialects[0].line)
    return Case(driver, dialect, Example((b"a!", b"b?"), (), None))


def test_an_input_that_breaks_a_codec_is_found_and_cut_to_what_does_it() -> None:
    found = search(fragile(), seconds=float("inf"), seed=1, most=100_000)
    assert (found.fault, found.why) != (None, "")
    assert found.fault is not None
    assert len(found.fault) <= 4


def test_the_words_say_what_does_not_hold() -> None:
    assert broken(fragile(), b"a!?") == "ValueError: never before seen"
    assert broken(fragile(), b"bbbb" * 10) == "in pieces it gives other items"
    assert broken(fragile(), b"a") == "the device is not heard after it"


def test_one_seed_searches_the_same_inputs() -> None:
    case = cases()[0]
    first, again = (mutate(random.Random(5), [case.example.stream], [b"f"]) for _ in range(2))
    assert first == again
    assert len(first) <= LONGEST


def test_what_an_input_reaches_grows_with_what_it_holds() -> None:
    case = cases()[0]
    assert reached(case, b"\xff") < reached(case, b"\xff" + case.example.stream)


def test_the_shortest_has_nothing_that_is_not_needed() -> None:
    assert shortest(b"..a...b.", lambda data: b"a" in data and b"b" in data) == b"ab"
