"""What `postdose ports` says of a port."""

from drivers.links import Holder, SerialPort
from monitor.cli.ports import described


def test_a_port_is_described_as_a_sites_file_names_it() -> None:
    by_id = "/dev/serial/by-id/usb-Silicon_Labs_CP2102_0001-if00-port0"
    port = SerialPort(
        by_id, "/dev/ttyUSB0", "CP2102", "0001", "Silicon Labs", "CP2102", (0x10C4, 0xEA60)
    )
    assert described(port, [Holder(71, "postdose"), Holder(90, "minicom")]).splitlines() == [
        f'url = "{by_id}"',
        "  device         /dev/ttyUSB0",
        "  usb            10c4:ea60 Silicon Labs CP2102",
        "  serial number  0001",
        "  held by        postdose (pid 71), minicom (pid 90)",
        "  guess          may be cms50: Silicon Labs CP210x, which others have too",
    ]


def test_a_port_of_the_board_has_no_more_than_its_name() -> None:
    assert described(SerialPort("/dev/ttyS0", "/dev/ttyS0", "ttyS0", None), []).splitlines() == [
        'url = "/dev/ttyS0"',
        "  device         /dev/ttyS0",
        "  held by        nobody that this user can see",
    ]


def test_an_adapter_without_a_name_of_its_own_says_so() -> None:
    usb = (0x1A86, 0x7523)
    socket = "/dev/serial/by-path/pci-0000:00:14.0-usb-0:3:1.0-port0"
    twin = described(SerialPort(socket, "/dev/ttyUSB1", "", None, None, None, usb), [])
    assert "  serial number  none\n" in twin
    assert "this name is of the socket that it is in" in twin
    bare = described(SerialPort("/dev/ttyUSB1", "/dev/ttyUSB1", "", None, None, None, usb), [])
    assert "has no name that stays" in bare
