"""What `postdose check` says of captures, before any is written."""

from pathlib import Path

from alerts.rules import Severity
from monitor.cli.check import check_captures
from monitor.settings import Capture, Settings

DEVICE = {"id": "oximeter", "driver": "nonin", "url": "/dev/ttyUSB0", "capture": True}


def said(beside: Path, device: dict[str, object], **capture: object) -> list[tuple[Severity, str]]:
    lines: list[tuple[Severity, str]] = []
    settings = Settings(
        store={"url": f"sqlite:///{beside}/postdose.db"},
        beds=[{"id": "bed-1", "devices": [device]}],
        capture=Capture(**capture),
    )
    check_captures(settings, lambda level, line: lines.append((level, line)))
    return lines


def test_it_says_where_a_capture_lies_and_how_large_it_gets(tmp_path: Path) -> None:
    assert said(tmp_path, DEVICE) == [
        (
            Severity.OK,
            f"bed-1/oximeter: is captured in {tmp_path}/captures/bed-1/oximeter, at most 10 files "
            "of 10 MB, which hold measurements of a patient",
        )
    ]
    assert not (tmp_path / "captures").exists()


def test_it_says_nothing_where_nothing_is_captured(tmp_path: Path) -> None:
    assert said(tmp_path, DEVICE | {"capture": False}) == []


def test_it_warns_where_there_is_too_little_room(tmp_path: Path) -> None:
    _, (level, line) = said(tmp_path, DEVICE, file_mb=1000, files=1000)
    assert level is Severity.WARNING
    assert "captures may need 1000500 MB" in line


def test_a_place_that_cannot_be_written_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    _, (level, line) = said(tmp_path, DEVICE, folder=tmp_path / "file")
    assert level is Severity.FAULT
    assert line == f"capture: {tmp_path}/file cannot be written; correct capture.folder"
