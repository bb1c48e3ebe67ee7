"""A capture's way: written by a daemon at a bed, decoded, and played to another host."""

import json
from pathlib import Path
from typing import Any

import serial

from drivers.capture import What, parse
from tests.endtoend.processes import ran
from tests.endtoend.site import Site, simulated
from tests.patience import HOPELESS_S


def test_a_daemons_capture_is_decoded_and_played_again(tmp_path: Path) -> None:
    with (
        simulated("nonin", "--pty", str(tmp_path / "oximeter"), "--speed", "8") as oximeter,
        simulated("suntech", "--pty", str(tmp_path / "cuff")) as cuff,
    ):
        site = Site(tmp_path, None, oximeter, cuff)
        text = site.config.read_text().replace(
            f'url = "{oximeter}"\n', f'url = "{oximeter}"\ncapture = true\n'
        )
        site.config.write_text(text)

        def links() -> dict[str, dict[str, Any]]:
            return {each["id"]: each for each in site.get("/beds/bed-1/devices")["items"]}

        with site.daemon(speed=8):
            site.until(lambda: links()["oximeter"]["frames"] > 500)
            shown = site.get("/beds/bed-1")["vitals"]["spo2"]["value"]
            lost = [links()[id_]["capture_lost"] for id_ in ("oximeter", "cuff")]
    assert lost == [0, None]
    (file,) = (tmp_path / "captures").rglob("*.capture")
    assert file.relative_to(tmp_path).parts == ("captures", "bed-1", "oximeter", "000001.capture")

    done = ran("decode", "nonin", str(file))
    told = [json.loads(line) for line in done.out.splitlines()]
    assert (done.status, "lost: none" in done.err) == (0, True)
    assert shown in {
        reading["value"]
        for item in told
        if item["is"] == "Measurement"
        for reading in item["readings"]
        if reading["vital"] == "spo2"
    }

    said = b"".join(
        record.data for record in parse(file.read_bytes(), "").records if record.what is What.RX
    )
    options = ("--pty", str(tmp_path / "again"), "--capture", str(file), "--speed", "8", "--loop")
    with (
        simulated("nonin", *options) as again,
        serial.Serial(again, timeout=HOPELESS_S) as port,
    ):
        assert port.read(1000) in said + said
