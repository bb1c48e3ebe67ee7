"""Regimens: those that ship, and how a site's own is refused."""

import re
from pathlib import Path

import pytest

from drivers.readings import Vital
from monitor.session.clearance import NEVER_CLEARED
from monitor.session.commands import ClearanceScope
from monitor.session.regimen import (
    MEASURED,
    CheckKind,
    CoursePhase,
    CourseSchedule,
    DischargeLimits,
    PlannedChecks,
    PredoseLimits,
    Regimen,
    RegimenError,
    Regimens,
    StartDose,
    parse,
)
from tests.monitor.builders import REGIMENS, bed

OWN = """
name = "low"
title = "Low dose"
product = "ketamine"
route = "oral"
total_mg = 50
window_min = 120
"""


@pytest.mark.parametrize(
    ("name", "product", "mg"),
    [
        ("esketamine-28", "esketamine", 28),
        ("esketamine-56", "esketamine", 56),
        ("esketamine-84", "esketamine", 84),
        ("ketamine-iv", "ketamine", 35),
    ],
)
def test_the_regimens_that_ship(name: str, product: str, mg: float) -> None:
    regimen = REGIMENS[name]
    assert (regimen.product, regimen.planned_mg(70)) == (product, mg)
    assert regimen.window_min == 120
    assert regimen.continuous == (Vital.SPO2, Vital.PULSE)


def test_no_other_regimen_ships() -> None:
    assert len(REGIMENS) == 4


def test_a_dose_by_weight_is_not_known_without_it() -> None:
    assert REGIMENS["ketamine-iv"].planned_mg(None) is None


def test_a_regimen_stored_with_a_session_is_the_same_regimen() -> None:
    for regimen in REGIMENS.values():
        assert Regimen.model_validate(regimen.model_dump(mode="json")) == regimen


def test_a_regimen_stored_before_it_had_more_tables_still_loads() -> None:
    for regimen in REGIMENS.values():
        stored = regimen.model_dump(mode="json")
        old = {key: stored[key] for key in stored if key not in NEW_TABLES}
        old["check"] = [
            {key: check[key] for key in check if key not in NEW_IN_CHECK} for check in old["check"]
        ]
        loaded = Regimen.model_validate(old)
        assert (loaded.gate, loaded.discharge) == (PredoseLimits(), DischargeLimits())
        assert (loaded.start_dose, loaded.phase, loaded.course) == (None, (), CourseSchedule())


def test_a_stored_regimen_that_a_file_could_not_have_today_still_loads() -> None:
    stored = REGIMENS["ketamine-iv"].model_dump(mode="json")
    assert Regimen.model_validate(stored | {"mg_per_kg": 3}).mg_per_kg == 3


NEW_TABLES = {"gate", "start_dose", "discharge", "phase", "course"}
NEW_IN_CHECK = {"in_infusion_every_min", "at_discharge", "only_if_over"}


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=list(REGIMENS))
def test_what_ships_says_what_a_site_leaves_out_has(regimen: Regimen) -> None:
    fresh_min = 10 if regimen.is_infusion else 30
    own = PredoseLimits(pressure_fresh_min=fresh_min, fasting=regimen.gate.fasting)
    assert (regimen.gate, regimen.discharge) == (own, DischargeLimits())
    assert bool(regimen.gate.fasting) is (regimen.route == "nasal")
    assert regimen.course == CourseSchedule(reassess_after="induction")
    assert regimen.model_fields_set >= NEW_TABLES - {"start_dose"}


@pytest.mark.parametrize("name", ["esketamine-28", "esketamine-56", "esketamine-84"])
def test_the_first_dose_of_the_old_is_small(name: str) -> None:
    assert REGIMENS[name].start_dose == StartDose(from_age=65, most_mg=28)


@pytest.mark.parametrize("regimen", REGIMENS.values(), ids=list(REGIMENS))
@pytest.mark.parametrize(
    ("week", "phase", "per_week", "every_weeks"),
    [
        (1, "induction", 2, ()),
        (4, "induction", 2, ()),
        (5, "weekly", 1, ()),
        (8, "weekly", 1, ()),
        (9, "maintenance", None, (1, 2)),
        (200, "maintenance", None, (1, 2)),
    ],
)
def test_a_course_has_its_phases(
    regimen: Regimen, week: int, phase: str, per_week: int | None, every_weeks: tuple[int, ...]
) -> None:
    found = regimen.phase_in(week)
    assert found is not None
    assert (found.name, found.sessions_per_week, found.every_weeks) == (
        phase,
        per_week,
        every_weeks,
    )


def test_a_regimen_without_phases_has_none() -> None:
    assert parse(OWN, "own.toml").phase_in(1) is None


CHECK = OWN + '[[check]]\nof = "cadss"\nat_discharge = true\n'
PHASE = OWN + '[[phase]]\nname = "a"\nweeks = [1, 4]\n'
TWICE = "sessions_per_week = 2\n"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = ", "own.toml: not TOML"),
        (OWN.replace("window_min = 120", ""), "own.toml: window_min: is missing; add window_min"),
        (OWN.replace("total_mg = 50", ""), "own.toml: give exactly one of total_mg and mg_per_kg"),
        (OWN + "mg_per_kg = 1\n", "own.toml: give exactly one of total_mg and mg_per_kg"),
        (OWN.replace("50", "-50"), "own.toml:6: total_mg: "),
        (OWN.replace("oral", "dermal"), "own.toml:5: route: Input should be 'nasal', 'intra"),
        (OWN.replace("50", "true"), "own.toml:6: total_mg: "),
        (OWN.replace("50", '"50"'), "own.toml:6: total_mg: "),
        (OWN.replace("50", "inf"), "own.toml:6: total_mg: "),
        (OWN + "windw = 3\n", "own.toml:8: windw: unknown key; did you mean window_min?"),
        (OWN.replace("window_min", "windw_min"), "own.toml:7: windw_min: unknown key; did you"),
        (OWN.replace("total_mg", "total_g"), "own.toml:6: total_g: unknown key; did you mean tot"),
        (OWN + 'continuous = ["spo3"]\n', "own.toml:8: continuous.0: "),
        (OWN + "check = 3\n", "own.toml:8: check: "),
        (OWN + "gate = 3\n", "own.toml:8: gate: is a section: write [gate]"),
        (OWN + "[gate]\nsys_ovr = 3\n", "own.toml:9: gate.sys_ovr: unknown key; did you mean sys_"),
        (OWN + "[discharge]\nspo2_least = 101\n", "own.toml:9: discharge.spo2_least: "),
        (OWN + "[start_dose]\nfrom_age = 65\n", "own.toml:8: start_dose.most_mg: is missing"),
        (OWN + '[[check]]\nof = "urine"\n', "own.toml:9: check.0.of: "),
        (CHECK + "after_dose_min = [-5]\n", "own.toml:11: check.0.after_dose_min.0: "),
        (CHECK + "afterdose_min = [5]\n", "own.toml:11: check.0.afterdose_min: unknown key; did"),
        (CHECK + "in_infusion_every_min = 0\n", "own.toml:11: check.0.in_infusion_every_min: "),
        (PHASE, "own.toml:8: phase.0: give exactly one of sessions_per_week and every_weeks"),
        (PHASE + TWICE + "every_weeks = [1]\n", "own.toml:8: phase.0: give exactly one of"),
        (PHASE.replace("[1, 4]", "[4, 1]") + TWICE, "own.toml:8: phase.0: weeks goes backwards"),
        (PHASE.replace("[1, 4]", "[]") + TWICE, "own.toml:10: phase.0.weeks: "),
        (PHASE.replace("[1, 4]", "[0]") + TWICE, "own.toml:10: phase.0.weeks.0: "),
    ],
)
def test_a_wrong_regimen_is_refused_by_file_line_and_key(text: str, says: str) -> None:
    with pytest.raises(RegimenError) as refused:
        parse(text, "own.toml")
    assert str(refused.value).startswith(says)


NASAL = OWN.replace("oral", "nasal")
VEIN = OWN.replace("oral", "intravenous").replace("total_mg = 50", "mg_per_kg = 2")


@pytest.mark.parametrize(
    ("right", "wrong", "says"),
    [
        (OWN.replace("50", "1000"), OWN.replace("50", "1001"), "6: total_mg: 1001 mg is over 1000"),
        (NASAL.replace("50", "400"), NASAL.replace("50", "401"), "6: total_mg: 401 mg is over 400"),
        (VEIN, VEIN.replace("= 2", "= 2.1"), "6: mg_per_kg: 2.1 mg/kg is over 2"),
        (OWN + "device_mg = 25", OWN + "device_mg = 28", "8: device_mg: devices of 28 mg do not"),
        (
            OWN.replace("50", "37.8") + "device_mg = 12.6",
            OWN.replace("50", "37.8") + "device_mg = 12.5",
            "8: device_mg: devices of 12.5 mg do not",
        ),
        (
            OWN + "device_mg = 25\n[start_dose]\nfrom_age = 65\nmost_mg = 25",
            OWN + "device_mg = 25\n[start_dose]\nfrom_age = 65\nmost_mg = 30",
            "11: start_dose.most_mg: devices of 25 mg do not make 30 mg",
        ),
        *(
            (
                OWN + f"[{table}]\n{key} = {n}",
                OWN + f"[{table}]\n{key} = {out}",
                f"9: {table}.{key}: ",
            )
            for (table, key), (least, most) in MEASURED.items()
            for n, out in ((least, least - 0.1), (most, most + 0.1))
            if key != "spo2_least" or n != most
        ),
        (OWN + 'continuous = ["resp"]', OWN + 'continuous = ["sys"]', "8: continuous: sys is not"),
        (OWN, OWN.replace('"low"', '" "'), "2: name: says nothing"),
        (
            CHECK + "after_dose_min = [120]",
            CHECK + "after_dose_min = [120.1]",
            "11: check.0.after_dose_min: goes beyond the window of 120 min; remove it",
        ),
        (
            VEIN + "infusion_min = 40\n[[check]]\nof = 'cadss'\nafter_dose_min = [40]",
            VEIN + "infusion_min = 40\n[[check]]\nof = 'cadss'\nafter_dose_min = [41]",
            "11: check.0.after_dose_min: goes beyond the infusion of 40 min; give what comes later",
        ),
        (
            VEIN + "infusion_min = 40\n[[check]]\nof = 'cadss'\nafter_infusion_min = [120]",
            VEIN + "infusion_min = 40\n[[check]]\nof = 'cadss'\nafter_infusion_min = [121]",
            "11: check.0.after_infusion_min: goes beyond the window of 120 min",
        ),
        (
            CHECK,
            OWN + "[[check]]\nof = 'cadss'\n",
            "9: check.0.of: says no time; give one of basel",
        ),
        (PHASE + TWICE, PHASE.replace("[1, 4]", "[2, 4]") + TWICE, "10: phase.0.weeks: a course"),
        (
            PHASE + TWICE + f'[[phase]]\nname = "b"\nweeks = [5]\n{TWICE}',
            PHASE + TWICE + f'[[phase]]\nname = "a"\nweeks = [5]\n{TWICE}',
            "13: phase.1.name: there is a phase a already",
        ),
        (VEIN, VEIN + "device_mg = 28", "8: device_mg: devices of 28 mg do not"),
        (OWN, OWN.replace("120", "0"), "7: window_min: is no time"),
        (VEIN + "infusion_min = 1", VEIN + "infusion_min = 0", "8: infusion_min: is no time"),
        (
            VEIN + "infusion_min = 40",
            OWN + "infusion_min = 40",
            "8: infusion_min: an infusion runs",
        ),
        (
            CHECK,
            CHECK + "after_infusion_min = [5]",
            "11: check.0.after_infusion_min: counts an inf",
        ),
        (
            CHECK,
            CHECK + "in_infusion_every_min = 5",
            "11: check.0.in_infusion_every_min: counts an",
        ),
        (
            CHECK + "only_if_over = 4",
            CHECK.replace("cadss", "pressure") + "only_if_over = 4",
            "11: check.0.only_if_over: is for scores",
        ),
        *(
            (
                PHASE + TWICE + f'[[phase]]\nname = "b"\nweeks = [5]\n{TWICE}',
                PHASE.replace("[1, 4]", first) + TWICE + f'[[phase]]\nname = "b"\n{next_}\n{TWICE}',
                "14: phase.1.weeks: does not begin where a ends",
            )
            for first, next_ in (
                ("[1, 4]", "weeks = [6]"),
                ("[1, 4]", "weeks = [4]"),
                ("[1]", "weeks = [2]"),
            )
        ),
        (
            PHASE + TWICE + '[course]\nreassess_after = "a"',
            PHASE + TWICE + '[course]\nreassess_after = "b"',
            "13: course.reassess_after: b is no phase; there are: a",
        ),
    ],
)
def test_a_slip_is_refused_and_what_is_just_right_is_not(right: str, wrong: str, says: str) -> None:
    parse(right, "own.toml")
    with pytest.raises(RegimenError) as refused:
        parse(wrong, "own.toml")
    assert str(refused.value).startswith(f"own.toml:{says}")


DOCS = Path(__file__).parents[3] / "docs"
MODELS = (
    Regimen,
    PlannedChecks,
    PredoseLimits,
    StartDose,
    DischargeLimits,
    CoursePhase,
    CourseSchedule,
)
KEYS = {key for model in MODELS for key in model.model_fields}


@pytest.mark.parametrize("key", sorted(KEYS))
def test_every_key_is_documented(key: str) -> None:
    text = (DOCS / "reference" / "configuration.md").read_text(encoding="utf-8")
    words = set(re.findall(r"[a-z0-9_]+", text[text.index("## Regimens") :]))
    assert key in words


EXAMPLES = sorted((DOCS / "examples").glob("*.toml"))


def cells(page: str, name: str) -> list[str]:
    """The cells of the first row of a table that names `name` in code."""
    text = (DOCS / "reference" / page).read_text(encoding="utf-8")
    rows = (line for line in text.splitlines() if line.startswith("|"))
    row = next(row for row in rows if f"`{name}`" in row.split("|")[1])
    return row.split("|")[1:-1]


@pytest.mark.parametrize("of", CheckKind)
def test_the_page_has_the_schedule_of_the_regimens_that_ship(of: CheckKind) -> None:
    _, nasal, intravenous = cells("checks-and-leaving.md", of.value)
    for name, cell in (("esketamine-84", nasal), ("ketamine-iv", intravenous)):
        entries = [check for check in REGIMENS[name].check if check.of is of]
        after = [m for e in entries for m in (*e.after_dose_min, *e.after_infusion_min)]
        found = re.findall(r"\+(\d+)", cell)
        assert [int(minute) for minute in found] == after
        every = [e.in_infusion_every_min for e in entries if e.in_infusion_every_min is not None]
        assert [int(m) for m in re.findall(r"every (\d+) min in the infusion", cell)] == every
        assert ("baseline" in cell) is any(entry.baseline for entry in entries)
    assert REGIMENS["esketamine-56"].check == REGIMENS["esketamine-84"].check
    assert REGIMENS["esketamine-28"].check == REGIMENS["esketamine-84"].check


def test_the_pages_have_every_criterion_and_who_clears_it() -> None:
    side = bed().with_session().with_baseline()
    gate = side.bed.readiness.predose_criteria(side.now)
    side.dosed(28).minutes(5)
    gate += side.bed.readiness.predose_criteria(side.now)
    for criterion in gate:
        assert cells("http.md", criterion.name)
    named = cells("http.md", "no-emergency")[1]
    assert {*re.findall(r"`(.+?)`", named)} == {*REGIMENS["esketamine-84"].gate.closed_while}
    for criterion in side.bed.readiness.discharge_criteria(side.now):
        never = cells("checks-and-leaving.md", criterion.name)[-1].strip() == "never"
        assert never is (criterion.name in NEVER_CLEARED[ClearanceScope.LEAVING])


def test_the_examples_of_the_documentation_can_be_used() -> None:
    found = Regimens.shipped().with_files(EXAMPLES).by_name
    own = {name: regimen.route for name, regimen in found.items() if name not in REGIMENS}
    assert own == {
        "ketamine-nasal": "nasal",
        "ketamine-sublingual": "sublingual",
        "ketamine-intramuscular": "intramuscular",
    }


def test_a_site_s_own_regimen_joins_or_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "low.toml").write_text(OWN)
    (tmp_path / "ours.toml").write_text(OWN.replace('"low"', '"esketamine-28"'))
    both = Regimens.shipped().with_files([tmp_path / "low.toml", tmp_path / "ours.toml"]).by_name
    assert both.keys() == {*REGIMENS, "low"}
    assert both["esketamine-28"].product == "ketamine"


def test_a_byte_order_mark_is_no_part_of_a_regimen(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(f"\ufeff{OWN}")
    assert "low" in Regimens.shipped().with_files([tmp_path / "own.toml"]).by_name


def test_a_regimen_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(RegimenError, match="not UTF-8"):
        Regimens.shipped().with_files([tmp_path / "own.toml"])


def test_a_regimen_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegimenError, match="readable file"):
        Regimens.shipped().with_files([tmp_path / "none.toml"])


def test_two_files_of_one_name_are_refused(tmp_path: Path) -> None:
    one, two = tmp_path / "one.toml", tmp_path / "two.toml"
    for path in (one, two):
        path.write_text(OWN)
    with pytest.raises(RegimenError, match=f"{two}: {one} has a regimen low as well; rename one"):
        Regimens.shipped().with_files([one, two])
