"""A whole cohort: drawn, watched in several processes, summed up and drawn as a picture."""

import multiprocessing
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Final

from alerts.rules import RuleSet, load_rules
from monitor.cohort.bedside import Bedside
from monitor.cohort.forgetful import ForgetfulBedside
from monitor.cohort.picture import picture
from monitor.cohort.report import report
from monitor.cohort.stay import SimulatedSession
from monitor.cohort.summary import summary
from monitor.session import Regimen, Regimens
from simulators.errors import SimulationError
from simulators.population import Person, draw

PROCESSES: Final = 2
AT_A_TIME: Final = 10
"""How many patients a process is handed at a time."""

JUDGED_FROM: Final = 1000
"""In a cohort of so many a missed target is a failure; in a smaller one it may be chance."""

DILIGENT: Final = "diligent"
NURSES: Final[Mapping[str, type[Bedside]]] = {DILIGENT: Bedside, "forgetful": ForgetfulBedside}
"""The bedsides of the nurses that a cohort can have. The targets are for the diligent one."""


class CohortError(Exception):
    """A cohort cannot be had; the message says why and what to give instead."""


def run_cohort(
    regimen: str,
    patients: int,
    seed: int,
    rules: str,
    drawn_to: Path | None,
    nurse: str = DILIGENT,
) -> tuple[str, list[str]]:
    """The report on a cohort, and the names of the targets it fails.

    The courses are drawn to the file `drawn_to` where one is given. Raises `CohortError`, and
    `RuleError` for a rule set that is not there.
    """
    if nurse not in NURSES:
        raise CohortError(f"no nurse is {nurse}: use one of {', '.join(NURSES)}")
    rule_set = load_rules(rules)
    try:
        people = draw(regimen, patients, seed)
    except SimulationError as error:
        raise CohortError(str(error)) from error
    head = f"{patients:,} patients, {regimen}, seed {seed}"
    if drawn_to is not None:
        try:
            drawn_to.write_text(picture(people, head), encoding="utf-8")
        except OSError as error:
            raise CohortError(f"{drawn_to}: {error.strerror}; name a file to write") from error
    stays = watch_all(people, Regimens.shipped().by_name[regimen], rule_set, nurse=nurse)
    found = summary(regimen, stays)
    is_judged = patients >= JUDGED_FROM and nurse == DILIGENT
    by = "" if nurse == DILIGENT else f", {nurse} nurse"
    text = f"{head}{by}, rules {rule_set.name} {rule_set.version}\n\n{report(found)}"
    return text, [finding.name for finding in found.missed] if is_judged else []


def simulate_session(
    person: Person, regimen: Regimen, rules: RuleSet, nurse: str = DILIGENT
) -> SimulatedSession:
    """The stay of `person`, who is given `regimen` and watched by `rules` and that nurse."""
    return NURSES[nurse](person, regimen, rules).run()


def watch_all(
    people: Sequence[Person],
    regimen: Regimen,
    rules: RuleSet,
    processes: int = PROCESSES,
    nurse: str = DILIGENT,
) -> list[SimulatedSession]:
    """Everybody's stay, in order; the same whatever the number of processes."""
    watched = partial(simulate_session, regimen=regimen, rules=rules, nurse=nurse)
    if processes == 1 or len(people) <= AT_A_TIME:
        return [watched(person) for person in people]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        return list(pool.map(watched, people, chunksize=AT_A_TIME))
