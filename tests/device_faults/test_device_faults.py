"""Some faults of devices here; all of them by `make device-faults`, whose table is whole."""

from pathlib import Path

import pytest

from tests.device_faults.__main__ import DOCUMENT, row
from tests.device_faults.expected import EXPECTED, HARMLESS, MAY_COME, wrong
from tests.device_faults.matrix import Case, Seen, cases, seen

SOME = [
    Case("nonin", "2", "frozen"),
    Case("cms50", "bci", "cable-out"),
    Case("nellcor", "n560", "stall"),
    Case("un300c", "nibp", "cuff-loose"),
    Case("berry", "pm6750", "wrong-baud"),
    Case("datex-s5", "19200", "no-pulse"),
    Case("intellivue", "rs232", "unplugged"),
]


@pytest.mark.parametrize("case", SOME, ids=lambda case: f"{case.device}-{case.fault}")
def test_a_fault_is_told_in_time_and_all_is_well_after_it(case: Case, tmp_path: Path) -> None:
    assert wrong(case, seen(case, tmp_path)) is None


def test_it_is_said_of_every_fault_what_it_has_to_lead_to() -> None:
    assert {case.fault for case in cases()} == EXPECTED.keys() | HARMLESS.keys()
    assert not EXPECTED.keys() & HARMLESS.keys()


@pytest.mark.parametrize(
    ("fault", "found", "says"),
    [
        ("silent", Seen({"tech.device-silent": 5}, 6, ()), None),
        ("silent", Seen({"tech.device-silent": 36}, 6, ()), "none of tech.device-silent within 35"),
        ("silent", Seen({"tech.artefact": 5}, 6, ()), "none of tech.device-silent within 35 s"),
        ("silent", Seen({"tech.device-silent": 5}, None, ()), "not well again within 180 s"),
        ("silent", Seen({"tech.device-silent": 5}, 6, ("spo2.low",)), "the other bed has spo2.low"),
        ("split", Seen({}, 1, ()), None),
        ("split", Seen(dict.fromkeys(MAY_COME, 9), 1, ()), None),
        ("split", Seen({"tech.frozen": 9}, 1, ()), "tells tech.frozen"),
    ],
)
def test_what_is_not_as_expected_is_said(fault: str, found: Seen, says: str | None) -> None:
    why = wrong(Case("nonin", "2", fault), found)
    assert (why or "").startswith(says) if says else why is None


def test_the_table_in_the_docs_has_every_fault() -> None:
    written = [line.split("|")[1:4] for line in DOCUMENT.read_text().splitlines() if "|" in line]
    there = [tuple(cell.strip() for cell in cells) for cells in written[2:]]
    assert there == [tuple(row(case, Seen({}, 1, ()))[:3]) for case in cases()]
