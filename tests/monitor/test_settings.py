"""The configuration: what it takes, and how it says what is wrong."""

from pathlib import Path

import pytest

from drivers.registry import DRIVERS
from monitor.daemon import load_regimens
from monitor.mqtt import MqttSettings
from monitor.settings import ConfigError, Settings, load

GOOD = """\
[site]
id = "clinic-1"

[api]
port = 8601

[[beds]]
id = "bed-1"
[[beds.devices]]
id = "oximeter"
driver = "nonin"
url = "/dev/ttyUSB0"

[[beds]]
id = "bed-2"
[[beds.devices]]
id = "cuff"
driver = "suntech"
url = "socket://127.0.0.1:4001"
"""


def load_text(folder: Path, text: str) -> Settings:
    path = folder / "site.toml"
    path.write_text(text)
    return load(path)


@pytest.mark.parametrize(
    ("store", "expected"),
    [
        ("", "sqlite:///{folder}/postdose.db"),
        ('[store]\nurl = "sqlite:///ward.db"\n', "sqlite:///{folder}/ward.db"),
        ('[store]\nurl = "sqlite:///var/lib/ward.db"\n', "sqlite:///var/lib/ward.db"),
        ('[store]\nurl = "postgresql://db/ward"\n', "postgresql://db/ward"),
    ],
)
def test_a_journal_without_a_folder_is_beside_the_site_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, store: str, expected: str
) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "site.toml").write_text(GOOD + store)
    for folder, path in ((".", "site.toml"), ("elsewhere", "../site.toml")):
        monkeypatch.chdir(tmp_path / folder)
        assert load(Path(path)).store.url == expected.format(folder=tmp_path)


def test_a_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    assert load_text(tmp_path, f"\ufeff{GOOD}").site.id == "clinic-1"


def _complaint(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as found:
        load_text(folder, text)
    complaint = str(found.value)
    assert complaint.startswith(str(folder / "site.toml"))
    assert "\n" not in complaint
    return complaint


def test_a_site_file_is_read(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(GOOD)
    settings = load(tmp_path / "site.toml")
    assert settings.site.id == "clinic-1"
    assert [device.driver for bed in settings.beds for device in bed.devices] == [
        "nonin",
        "suntech",
    ]


def test_the_environment_comes_before_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTDOSE_API__PORT", "9000")
    (tmp_path / "site.toml").write_text(GOOD)
    assert load(tmp_path / "site.toml").api.port == 9000


def test_a_sites_time_zone_is_a_name_or_the_machines(tmp_path: Path) -> None:
    assert load_text(tmp_path, GOOD).site.zone is None
    named = GOOD.replace("[site]\n", '[site]\ntimezone = "America/Chicago"\n')
    assert str(load_text(tmp_path, named).site.zone) == "America/Chicago"


def test_a_sites_regimens_are_its_jurisdictions(tmp_path: Path) -> None:
    eu = GOOD.replace("[site]\n", '[site]\njurisdiction = "eu"\n')
    for text, name in ((GOOD, "us"), (eu, "eu")):
        regimens = load_regimens(load_text(tmp_path, text)).by_name.values()
        assert {regimen.jurisdiction for regimen in regimens} == {name}


WRONG = {
    "a time zone that is none": (
        'id = "clinic-1"',
        'timezone = "Mars/Olympus"',
        ":2: site.timezone: 'Mars/Olympus' is no time zone",
    ),
    "a jurisdiction that is none": (
        'id = "clinic-1"',
        'jurisdiction = "mars"',
        ":2: site.jurisdiction: 'mars' is no jurisdiction; there are: eu, us",
    ),
    "a bed called as the records are": (
        'id = "bed-1"',
        'id = "records"',
        ":8: beds.0.id: records stands for what is written down beside the beds",
    ),
    "a device called as a check is": (
        'id = "oximeter"',
        'id = "cadss"',
        ":10: beds.0.devices.0.id: cadss stands for something else",
    ),
    "a device called as what is done by hand": (
        'id = "cuff"',
        'id = "by-hand"',
        ":17: beds.1.devices.0.id: by-hand stands for something else",
    ),
    "an unknown key": (
        "port = 8601",
        "prot = 8601",
        ":5: api.prot: unknown key; did you mean port?",
    ),
    "a port that cannot be": ("8601", "99999", ":5: api.port: "),
    "an address others can reach": ("port = 8601", 'host = "0.0.0.0"', "keep 127.0.0.1"),
    "an unknown driver": ('"suntech"', '"sunteck"', f"there are: {', '.join(DRIVERS)}"),
    "a url of no kind": ("socket://127.0.0.1:4001", "ttyUSB1", "whole path"),
    "two beds with one device": (
        "socket://127.0.0.1:4001",
        "/dev/ttyUSB0",
        "bed-1 and bed-2 both use /dev/ttyUSB0",
    ),
    "two beds with one name": ('"bed-2"', '"bed-1"', "bed-1 is there twice"),
    "a device without a url": ('url = "/dev/ttyUSB0"\n', "", "url: is missing; add url = …"),
    "a section that is a word": ("[site]", 'rules = "default"\n[site]', ":1: rules: is a section"),
    "a section that is a number": ("[site]", "mqtt = 3\n[site]", ":1: mqtt: is a section"),
    "a section that is a list": ("[api]", "[[rules]]\n[api]", ":4: rules: is a section"),
    "a store that is a word": ("[site]", 'store = "a.db"\n[site]', ":1: store: is a section"),
    "a store that is a list": ("[api]", "[[store]]\n[api]", ":4: store: is a section"),
    "a bed that is a value": (GOOD, "beds = [3]", "write [[beds]] and its keys"),
    "a broker that is none": ("[api]", '[mqtt]\nurl = "http://x"\n[api]', "mqtt://host"),
    "half of what TLS needs": ("[api]", '[mqtt]\ncert = "c.pem"\n[api]', "cert and key"),
    "no TOML at all": ("[site]", "[site", "not TOML"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_complaint_names_the_file_the_key_and_the_mend(case: str, tmp_path: Path) -> None:
    old, new, said = WRONG[case]
    assert said in _complaint(tmp_path, GOOD.replace(old, new))


@pytest.mark.parametrize(
    "url",
    ["http://b", "mqtt://", "mqtt://b/path", "mqtt://b:port", "mqtt://b:99999", "mqtt://b:0", "["],
)
def test_a_url_of_no_broker_names_its_line_and_what_to_write(url: str, tmp_path: Path) -> None:
    complaint = _complaint(tmp_path, f'[mqtt]\nurl = "{url}"\n')
    assert f":2: mqtt.url: '{url}' is no broker: write mqtt://host" in complaint


def test_a_password_in_the_url_is_refused_and_not_repeated(tmp_path: Path) -> None:
    complaint = _complaint(tmp_path, '[mqtt]\nurl = "mqtt://me:secret@broker"\n')
    assert ":2: mqtt.url: " in complaint
    assert "password_file" in complaint
    assert "secret" not in complaint


@pytest.mark.parametrize("url", ["mqtt://b", "mqtts://b:8884", "mqtt://[::1]:1883"])
def test_a_broker_that_is_taken_can_be_connected_to(url: str, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(f'[mqtt]\nurl = "{url}"\n')
    mqtt = load(tmp_path / "site.toml").mqtt
    assert MqttSettings(site="clinic-1", **mqtt.model_dump(exclude={"enabled"})).url == url


def test_a_section_in_the_environment_that_is_a_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTDOSE_RULES", "default")
    complaint = _complaint(tmp_path, GOOD)
    assert '"rules"' in complaint
    assert "POSTDOSE_API__PORT" in complaint


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere\.toml: .*--config"):
        load(tmp_path / "nowhere.toml")


def test_a_rule_file_lies_beside_the_site_file(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(GOOD + '\n[rules]\nset = "own.toml"\n')
    assert load(tmp_path / "site.toml").rules.set == str(tmp_path / "own.toml")


def test_a_bed_has_a_name_beside_its_id_that_is_one_line(tmp_path: Path) -> None:
    named = GOOD.replace('id = "bed-1"', 'id = "bed-1"\nname = "Room 3, \\"left\\""')
    beds = load_text(tmp_path, named).beds
    assert [bed.name for bed in beds] == ['Room 3, "left"', None]
    for wrong in ("", " Room", "Room ", "a\\nb", "x" * 41):
        with pytest.raises(ConfigError, match="name"):
            load_text(tmp_path, GOOD.replace('id = "bed-1"', f'id = "bed-1"\nname = "{wrong}"'))


# ── captures ────────────────────────────────────────────────────────────────────────────

CAPTURED = GOOD.replace('url = "/dev/ttyUSB0"\n', 'url = "/dev/ttyUSB0"\ncapture = true\n')


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("", "{folder}/captures"),
        ('[store]\nurl = "sqlite:////var/lib/ward.db"\n', "/var/lib/captures"),
        ('[capture]\nfolder = "here"\n', "{folder}/here"),
        ('[store]\nurl = "postgresql://db/ward"\n[capture]\nfolder = "/srv"\n', "/srv"),
    ],
)
def test_captures_lie_beside_the_store_or_where_it_is_said(
    tmp_path: Path, more: str, expected: str
) -> None:
    settings = load_text(tmp_path, CAPTURED + more)
    assert settings.captured() == {("bed-1", "oximeter")}
    assert str(settings.capture_folder) == expected.format(folder=tmp_path)


def test_captures_need_a_place_where_the_store_is_on_a_server(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"say where captures are to lie: folder = "):
        load_text(tmp_path, CAPTURED + '[store]\nurl = "postgresql://db/ward"\n')
