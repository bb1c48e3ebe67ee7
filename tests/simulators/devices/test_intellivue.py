"""The simulated IntelliVue against its protocol page."""

from simulators.devices import build
from simulators.faults import Fault
from simulators.line import SimulatedLine
from simulators.vitals import Vitals
from tests.simulators.devices import intellivue_page as page
from tests.simulators.steady import Steady, steady


def associated(source: Steady | None = None) -> SimulatedLine:
    line = build("intellivue", source or steady(), seed=3)
    line.receive(page.ASSOCIATE + page.CREATED, 0.0)
    return line


def polled(line: SimulatedLine, begin: int, end: int, poll: bytes = page.POLL_NUMERICS) -> bytes:
    """What it sends from one second to another, polled each second."""
    return b"".join(
        line.receive(poll, second) + line.advance(second + 0.99) for second in range(begin, end)
    )


def kinds(stream: bytes) -> list[int]:
    return [message[0] for message in page.messages(stream)]


def test_it_says_nothing_until_a_host_associates() -> None:
    line = build("intellivue", steady(), seed=3)
    assert (line.next_due_s, line.advance(60.0)) == (None, b"")
    assert line.receive(page.POLL_NUMERICS + page.CREATED, 60.0) == b""
    accepted, create = page.messages(line.receive(page.ASSOCIATE, 60.0))
    assert accepted[0] == 0x0E
    assert (page.u16(create, 4), page.u16(create, 10), page.u16(create, 24)) == (1, 1, 0x0D06)


def test_no_poll_is_answered_before_the_create_event_is() -> None:
    line = build("intellivue", steady(), seed=3)
    line.receive(page.ASSOCIATE, 0.0)
    assert line.receive(page.POLL_NUMERICS, 1.0) == b""
    assert line.receive(page.CREATED + page.POLL_NUMERICS, 2.0) != b""


def test_a_second_association_and_silence_end_it_and_a_release_is_answered() -> None:
    line = associated()
    assert kinds(line.receive(page.ASSOCIATE, 1.0)) == [0x19]
    line = associated()
    assert kinds(line.advance(9.9)) == []
    assert kinds(line.advance(10.0)) == [0x19]
    assert kinds(line.receive(page.POLL_NUMERICS, 11.0)) == []
    assert kinds(line.receive(page.ASSOCIATE + page.RELEASE, 12.0)) == [0x0E, 0xE1, 0x0A]


def test_a_damaged_frame_is_not_answered() -> None:
    broken = page.POLL_NUMERICS[:20] + b"\x99" + page.POLL_NUMERICS[21:]
    assert associated().receive(broken, 1.0) == b""


def test_numerics_come_in_two_linked_parts_with_units_and_states() -> None:
    stream = associated().receive(page.POLL_NUMERICS, 1.0)
    assert [page.u16(message, 4) for message in page.messages(stream)] == [5, 2]
    assert page.numerics(stream)[:4] == [
        (0x4BB8, 0, 0x0220, 97.0),
        (0x4822, 0, 0x0AA0, 72.0),
        (0x4BB0, 0, 0x0200, 0.6),
        (0x500A, 0, 0x0AA0, 14.0),
    ]
    assert {state for id_, state, *_ in page.numerics(stream) if id_ == 0x4A05} == {0x8020}


def test_the_cuff_s_time_stamp_is_when_it_ended() -> None:
    line = associated()
    stream = polled(line, 0, 60)
    stamps = [value.hex() for value in page.attributes(stream, 0x0990)]
    assert "2026010100003600" in stamps
    sys = [value for id_, _, _, value in page.numerics(stream) if id_ == 0x4A05]
    assert (sys[:36], sys[36:]) == ([None] * 36, [115.0] * 24)
    line.inject_fault(Fault("pressure-undated", 60.0))
    assert "2026010100003600" not in [
        value.hex() for value in page.attributes(polled(line, 60, 62), 0x0990)
    ]


def test_faults_are_said_by_state() -> None:
    line = associated()

    def states(second: int) -> set[int]:
        said = page.numerics(polled(line, second, second + 1))
        return {state for id_, state, *_ in said if id_ in (0x4BB8, 0x4822)}

    assert states(0) == {0}
    for second, (fault, state) in enumerate(
        {"artefact": 0x4000, "demo": 0x0400, "finger-off": 0x8000}.items(), 1
    ):
        line.inject_fault(Fault(fault, second, 0.9))
        assert states(second) == {state}
    line.inject_fault(Fault("cable-out", 4.0))
    assert states(4) == set()


def test_the_pleth_goes_on_by_itself_until_its_time_is_over() -> None:
    line = associated()
    assert line.receive(page.POLL_WAVE, 0.0) == b""
    stream = polled(line, 0, 700)
    assert len(page.pleth(stream)) == 600 * 125 - 600 * 125 % 32
    assert max(page.pleth(stream)) > 2100


def test_alarm_texts_are_by_kind() -> None:
    line = associated(Steady(Vitals(86, 72)))
    assert page.texts(line.receive(page.POLL_ALARMS, 1.0), 0x0902) == [["** SpO2 niedrig"]]
    line.inject_fault(Fault("cable-out", 2.0))
    stream = line.receive(page.POLL_ALARMS, 2.0)
    assert (page.texts(stream, 0x0902), page.texts(stream, 0x0904)) == (
        [[]],
        [["SpO2 Sensor fehlt"]],
    )
