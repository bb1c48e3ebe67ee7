"""The tables of devices and faults, as the command prints them."""

from simulators.devices import DEVICES, fault_names
from simulators.line import LINE_FAULTS
from simulators.tables import devices_table, faults_table, renewed


def rows(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()[2:]]


def test_every_dialect_has_a_row_with_its_line() -> None:
    wanted = [
        [name, key, str(dialect.line)]
        for name, model in DEVICES.items()
        for key, dialect in model.dialects.items()
    ]
    assert [[row[0], row[3], row[4]] for row in rows(devices_table())] == wanted


def test_every_fault_of_every_dialect_has_a_row_with_what_it_does() -> None:
    said = rows(faults_table())
    for name, model in DEVICES.items():
        for key, dialect in model.dialects.items():
            for fault, effect in dialect.faults.items():
                who = {row[1] for row in said if row[0] == fault and row[2] == effect}
                assert any(w == name or (w.startswith(name) and key in w) for w in who), fault


def test_the_faults_of_the_line_are_every_device_s() -> None:
    assert [row for row in rows(faults_table()) if row[1] == "every"] == [
        [fault, "every", effect] for fault, effect in LINE_FAULTS.items()
    ]


def test_no_fault_is_left_out_or_made_up() -> None:
    assert {row[0] for row in rows(faults_table())} == set(fault_names())


def test_both_tables_of_a_page_are_renewed_and_the_rest_stays() -> None:
    def page(devices: str, faults: str) -> str:
        return f"# Page\n\ntext\n\n{devices}\n\n| a | b |\n| --- | --- |\n\n{faults}\n\nend\n"

    old = page(*(shortened(table) for table in (devices_table(), faults_table())))
    assert renewed(old) == page(devices_table(), faults_table())


def shortened(table: str) -> str:
    """The table without its last row."""
    return table.rpartition("\n")[0]
