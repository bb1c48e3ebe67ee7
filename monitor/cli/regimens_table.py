"""Regimens as tables: what is checked when, what a dose waits for, and what leaving does."""

from collections.abc import Iterable, Iterator
from typing import Final

from rich.box import HORIZONTALS
from rich.table import Table

from monitor.session import CHECK_NAMES, PlannedChecks, Regimen

WIDTHS: Final = (24, 108)
"""How many characters wide the columns are."""


def regimen_tables(regimens: Iterable[Regimen]) -> Iterator[Table]:
    """A table for each of the regimens; those that differ in what is given alone share one."""
    alike: list[list[Regimen]] = []
    for regimen in regimens:
        same = next((group for group in alike if _rows(group[0]) == _rows(regimen)), None)
        if same is None:
            alike.append([regimen])
        else:
            same.append(regimen)
    for group in alike:
        title = ", ".join(regimen.title for regimen in group)
        table = Table(title=title, box=HORIZONTALS, title_justify="left", show_lines=True)
        for column, width in zip(("What", "When, and within which limits"), WIDTHS, strict=True):
            table.add_column(column, width=width, overflow="fold")
        for row in _rows(group[0]):
            table.add_row(*row)
        yield table


def _rows(regimen: Regimen) -> list[tuple[str, str]]:
    kinds = dict.fromkeys(check.of for check in regimen.check)
    return [
        *(
            (CHECK_NAMES[of], "; ".join(_when(c, regimen) for c in regimen.check if c.of is of))
            for of in kinds
        ),
        ("continuously", ", ".join(regimen.continuous)),
        ("every administration", "; ".join(_gate(regimen))),
        ("leaving", "; ".join(_leaving(regimen))),
    ]


def _when(check: PlannedChecks, regimen: Regimen) -> str:
    """When it is due, in minutes."""
    anchor = "the infusion's end" if regimen.is_infusion else "the last administration"
    parts = ["baseline"] if check.baseline else []
    if check.in_infusion_every_min is not None:
        parts.append(f"every {check.in_infusion_every_min:g} min while the infusion runs")
    if check.after_dose_min and regimen.is_infusion:
        parts.append(f"{_minutes(check.after_dose_min)} min of the infusion")
    after = check.after_infusion_min if regimen.is_infusion else check.after_dose_min
    if after:
        parts.append(f"{_minutes(after)} min after {anchor}")
    if check.then_every_min is not None:
        parts.append(f"then every {check.then_every_min:g} min")
    if check.at_discharge:
        parts.append("before leaving")
    if check.repeat_within_min is not None:
        parts.append(
            f"again within {check.repeat_within_min:g} min of {check.repeat_at_most:g} or less, "
            f"or {check.repeat_at_least:g} or more"
        )
    only = "" if check.only_if_over is None else f" (only while it is over {check.only_if_over:g})"
    return ", ".join(parts) + only


def _minutes(minutes: Iterable[float]) -> str:
    return ", ".join(f"+{minute:g}" for minute in minutes)


def _gate(regimen: Regimen) -> Iterator[str]:
    """What an administration waits for."""
    gate = regimen.gate
    fresh_min, limit = gate.pressure_fresh_min, f"{gate.sys_over:g}/{gate.dia_over:g}"
    yield f"pressure within {fresh_min:g} min, not over {limit}"
    for older in gate.pressure_from_age:
        yield f"from {older.from_age} years on not over {older.sys_over:g}/{older.dia_over:g}"
    yield f"systolic over {gate.sys_least:g}"
    yield f"SpO2 live, not under {gate.spo2_least:g} %"
    yield f"MOAA/S {gate.moaas_least} or over and CADSS scored, within {gate.score_fresh_min:g} min"
    yield f"age {gate.age_least} or over"
    if regimen.devices_apart_min:
        yield f"devices {regimen.devices_apart_min:g} min apart, each after a new MOAA/S"
    if gate.fasting:
        yield f"kept to: {', '.join(gate.fasting)}"
    yield f"asked about: {', '.join((*gate.contraindications, *gate.cautions))}"
    yield "no alarm of the patient of medium or high priority"
    yield f"a clinician's clearance holds for {gate.clearance_min:g} min"
    yield f"none while one of these is active: {', '.join(gate.closed_while)}"


def _leaving(regimen: Regimen) -> Iterator[str]:
    """What has to be so when the patient leaves."""
    to = regimen.discharge
    yield f"{regimen.window_min:g} min after the last administration"
    yield (
        f"pressure, MOAA/S and CADSS once more, from {to.check_before_end_min:g} min before that "
        f"and within {to.check_fresh_min:g} min"
    )
    yield f"the last two pressures under {to.severe_sys:g}/{to.severe_dia:g}"
    yield (
        f"the last under {to.sys_under:g}/{to.dia_under:g}, systolic over {to.sys_over:g} and at "
        f"most {to.above_baseline_mmhg:g} over the baseline"
    )
    yield (
        f"SpO2 live, in {to.spo2_held_min:g} min not under {to.spo2_least:g} % for "
        f"{to.spo2_under_most_s:g} s, seen for {to.spo2_seen_least_min:g} min"
    )
    yield f"CADSS {to.cadss_most} or less, or no more than at baseline"
    yield f"MOAA/S {to.moaas_least}"
    yield "no respiratory depression, serious event, alarm or overdue check unresolved"
    yield "an escort"
