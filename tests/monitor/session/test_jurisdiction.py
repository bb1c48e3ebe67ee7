"""What a jurisdiction makes of a regimen, and that a session keeps it."""

import json
from dataclasses import replace

import pytest

from monitor.session.jurisdiction import jurisdictions
from monitor.session.regimen import Regimen, Regimens
from monitor.session.session import Session
from tests.monitor.builders import REGIMENS, bed
from tests.monitor.sessions import form_of, history, treated

EU, US = jurisdictions()["eu"], jurisdictions()["us"]
ESKETAMINE, INFUSION = REGIMENS["esketamine-84"], REGIMENS["ketamine-iv"]
EVENT = "cardiovascular-event-6w"


def aged(age: int | None, regimen: Regimen, sys: float, dia: float) -> bool:
    """Whether the pressure lets a patient of that age have the dose."""
    side = bed().with_session(regimen).with_baseline(sys, dia)
    of: Session = replace(side.session, age=age)
    criteria = side.bed.readiness.predose_criteria_of(of, side.now)(side.now.wall)
    return next(c for c in criteria if c.name == "pressure").met


@pytest.mark.parametrize(
    ("age", "sys", "dia", "in_us", "in_eu"),
    [
        (64, 141, 90, False, False),
        (65, 140, 90, True, True),
        (65, 150, 90, False, True),
        (65, 151, 90, False, False),
        (65, 150, 91, False, False),
        (None, 150, 90, False, False),
    ],
)
def test_in_the_eu_the_old_may_have_ten_more(
    age: int | None, sys: float, dia: float, in_us: bool, in_eu: bool
) -> None:
    assert aged(age, US.of(ESKETAMINE), sys, dia) is in_us
    assert aged(age, EU.of(ESKETAMINE), sys, dia) is in_eu


def test_the_limit_of_the_old_is_esketamines_and_no_sites_own() -> None:
    assert EU.of(INFUSION).gate.pressure_from_age == ()
    strict = ESKETAMINE.gate.model_copy(update={"sys_over": 130})
    own = ESKETAMINE.model_copy(update={"gate": strict})
    assert EU.of(own).gate.pressure_from_age == ()


def test_in_the_eu_a_recent_cardiovascular_event_is_asked_for_before_any_dose() -> None:
    for regimen in (ESKETAMINE, INFUSION):
        asked = regimen.gate.contraindications
        assert EU.of(regimen).gate.contraindications == (*asked, EVENT)
        assert EU.of(EU.of(regimen)) == EU.of(regimen)
        assert US.of(regimen).gate == regimen.gate
    yes = dict.fromkeys(EU.of(ESKETAMINE).gate.contraindications, "no") | {EVENT: "yes"}
    side = bed().with_session(EU.of(ESKETAMINE)).prepared(contraindications=yes)
    criteria = side.bed.readiness.predose_criteria(side.now)
    found = next(c for c in criteria if c.name == "contraindications")
    assert (found.met, found.why) == (False, "cardiovascular event 6w: yes")


def test_a_session_keeps_the_jurisdiction_it_was_started_in() -> None:
    regimen = EU.of(ESKETAMINE)
    stored = json.loads(json.dumps(regimen.as_given()))
    assert (stored["jurisdiction"], stored["sends_form"]) == ("eu", False)
    assert Regimen.model_validate(stored) == regimen
    del stored["jurisdiction"], stored["sends_form"]
    former = Regimen.model_validate(stored)
    assert (former.jurisdiction, former.sends_form) == ("us", True)


def test_in_the_eu_no_form_is_due_and_the_record_is_kept() -> None:
    whole = history(treated())
    assert form_of(whole).why_none_sent is None
    eu = replace(whole, session=replace(whole.session, regimen=EU.of(whole.session.regimen)))
    found = form_of(eu)
    assert (found.why_none_sent, found.due_on) == ("no form is sent here (eu)", None)
    assert found.as_json()["kind"] == "session-record"


def test_all_regimens_of_a_site_are_its_jurisdictions() -> None:
    found = EU.of_all(Regimens.shipped()).by_name
    assert found.keys() == REGIMENS.keys()
    assert {regimen.jurisdiction for regimen in found.values()} == {"eu"}
