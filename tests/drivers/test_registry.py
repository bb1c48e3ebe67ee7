"""What a site may say about a device, and what the drivers say about themselves."""

import pytest

from drivers.driver import Driver, LineSettings
from drivers.nonin import NoninCodec
from drivers.readings import Flag, Vital
from drivers.registry import DRIVERS, DeviceSpec, SpecError
from drivers.suntech import SunTechCodec

drivers = pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)


@drivers
def test_every_driver_makes_a_codec_with_its_defaults_and_each_dialect(driver: Driver) -> None:
    for dialect in (None, *(dialect.name for dialect in driver.dialects)):
        spec = DeviceSpec("device", driver.name, "memory://device", dialect)
        assert spec.codec().feed(b"") == []


def test_a_line_carries_a_tenth_of_its_bits_in_bytes() -> None:
    assert LineSettings(9600).bytes_per_s == 960
    assert str(LineSettings(19200, parity="O")) == "19200 8O1"
    assert LineSettings(19200, parity="O").bytes_per_s == pytest.approx(19200 / 11)


def test_a_spec_makes_the_codec_it_asks_for() -> None:
    oximeter = DeviceSpec("oximeter", "nonin", "/dev/ttyUSB0", "7").codec()
    assert (oximeter.dialect, oximeter.line) == ("7", LineSettings(9600))
    assert isinstance(oximeter._active, NoninCodec)
    cuff = DeviceSpec("cuff", "suntech", "socket://h:1", options={"patient": "neonate"})
    assert isinstance(cuff.codec()._active, SunTechCodec)
    assert cuff.codec().dialect == "advantage"
    assert cuff.kind.can_measure


def test_the_drivers_say_what_they_give() -> None:
    assert DRIVERS["nonin"].vitals == {Vital.SPO2, Vital.PULSE}
    assert DRIVERS["suntech"].vitals == {Vital.SYS, Vital.DIA, Vital.MAP, Vital.PULSE}
    assert Flag.CUFF_LEAK in DRIVERS["suntech"].flags


@pytest.mark.parametrize(
    ("spec", "names"),
    [
        ({"driver": "nonim"}, ["cuff", "nonim", "nonin", "suntech"]),
        ({"driver": "nonin", "dialect": "8"}, ["'8'", "2, 7"]),
        ({"driver": "suntech", "dialect": "2"}, ["'2'", "there are: advantage"]),
        ({"options": {"patinet": "adult"}}, ["patinet", "patient, listen"]),
        ({"options": {"patient": "child"}}, ["child", "adult, paediatric, neonate"]),
        ({"url": "ttyUSB0"}, ["ttyUSB0", "whole path"]),
        ({"url": "http://host:1"}, ["socket://", "rfc2217://", "memory://"]),
        ({"url": "socket://host"}, ["host and a port"]),
        ({"url": "socket://host:99999"}, ["host and a port"]),
        ({"url": "memory://"}, ["name"]),
    ],
)
def test_a_wrong_spec_is_refused_with_what_is_allowed(
    spec: dict[str, object], names: list[str]
) -> None:
    whole: dict[str, object] = {"id": "cuff", "driver": "suntech", "url": "/dev/ttyS0"} | spec
    with pytest.raises(SpecError) as refusal:
        DeviceSpec(**whole)  # type: ignore[arg-type]
    for name in names:
        assert name in str(refusal.value)
