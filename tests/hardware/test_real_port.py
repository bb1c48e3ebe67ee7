"""What tries a real device, tried itself on simulated ones."""

import os
import subprocess
import sys

import pytest

from simulators.testing import SimulatedWard
from tests.patience import HOPELESS_S

FILE = "tests/hardware/real_port.py"


def tried(port: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider", FILE],
        env=os.environ | {"PORT": port, "TRIED_S": "3", "POSTDOSE_REQUIRE": ""},
        capture_output=True,
        text=True,
        timeout=HOPELESS_S,
        check=False,
    )


def test_without_a_port_it_says_by_name_what_it_skipped() -> None:
    done = tried("")
    assert done.returncode == 0
    assert "2 skipped" in done.stdout
    assert "no port: make test-hardware PORT=/dev/ttyUSB0" in done.stdout


@pytest.mark.parametrize(("faults", "passes"), [((), True), (("garble:0.1",), False)])
def test_a_device_that_is_well_passes_and_one_on_a_bad_line_does_not(
    faults: tuple[str, ...], passes: bool
) -> None:
    with SimulatedWard() as ward:
        oximeter = ward.add_device("nonin")
        if faults:
            oximeter.fault(*faults)
        done = tried(oximeter.url)
    assert (done.returncode == 0) is passes, done.stdout
