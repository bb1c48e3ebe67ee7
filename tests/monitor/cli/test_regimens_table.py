"""The printed regimens: schedule, gate and leaving."""

import io

import pytest
from rich.console import Console

from monitor.cli.app import WIDE
from monitor.cli.regimens_table import regimen_tables
from monitor.session import CHECK_NAMES, Regimens

SHIPPED = Regimens.shipped()


def printed(regimens: Regimens = SHIPPED) -> str:
    out = io.StringIO()
    console = Console(file=out, width=1000)
    for table in regimen_tables(regimens.by_name.values()):
        console.print(table)
    return out.getvalue()


def test_it_fits_a_sheet_of_a4_across() -> None:
    assert max(map(len, printed().splitlines())) <= WIDE


def test_regimens_that_differ_in_the_dose_alone_share_a_table() -> None:
    assert printed().count("every administration") == 2
    assert "Esketamine 28 mg, Esketamine 56 mg, Esketamine 84 mg" in printed()


@pytest.mark.parametrize("regimen", ["esketamine-84", "ketamine-iv"])
def test_every_number_of_the_schedule_and_the_limits_is_there(regimen: str) -> None:
    of = SHIPPED.by_name[regimen]
    words = " ".join(
        " ".join(line.split()) for line in printed(Regimens({regimen: of})).splitlines()
    )
    for check in of.check:
        assert CHECK_NAMES[check.of] in words
        minutes = check.after_infusion_min or check.after_dose_min
        assert ", ".join(f"+{minute:g}" for minute in minutes) in words
    gate, leaving = of.gate, of.discharge
    for said in (
        f"within {gate.pressure_fresh_min:g} min, not over 140/90",
        *gate.closed_while,
        *gate.contraindications,
        *gate.fasting,
        f"{of.window_min:g} min after the last administration",
        f"under {leaving.severe_sys:g}/{leaving.severe_dia:g}",
        f"in {leaving.spo2_held_min:g} min not under {leaving.spo2_least:g} %",
        "then every 30 min",
        "(only while it is over 4)",
        "again within 15 min of 11 or less, or 25 or more",
    ):
        assert said in words, said
