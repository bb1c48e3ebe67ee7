"""How a device's dialect is found out: by its frames, on lines that are set as each wants it."""

import pytest

from drivers.codec import CannotMeasure, Codec
from drivers.dialects import AnyDialect
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.links import MemoryPort
from drivers.readings import Identity, Item, LinkState
from tests.drivers.benches import Bench, bench
from tests.virtual import virtual_clock, virtual_time

SLOW = LineSettings(19200, parity="O")
FAST = LineSettings(115200)


class Toy(Codec):
    """Every byte that is its `name` is a good frame; with `asks` it asks for them every 2 s.

    At `!` it says who it is, which is no frame.
    """

    def __init__(self, name: str, *, asks: bool = False) -> None:
        super().__init__({})
        self._name = name
        self._asks = asks

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        if self._asks:
            self.handle_deadline(now_s)

    def handle_deadline(self, now_s: float) -> list[Item]:
        self._out += self._name.upper().encode()
        self.deadline_s = now_s + 2
        return []

    def feed(self, data: bytes) -> list[Item]:
        frames = data.count(self._name.encode())
        self.stats.frames += frames
        self._skip(len(data) - frames)
        said: list[Item] = [Identity(f"{self._name}, at power-on")] * data.count(b"!")
        return said + [Identity(self._name)] * frames


def toy(name: str, line: LineSettings, *, asks: bool = False) -> Dialect:
    def make(options: Options) -> Toy:
        return Toy(name, asks=asks)

    return Dialect(name, make, line)


A, B, C = toy("a", SLOW), toy("b", FAST), toy("c", FAST, asks=True)


def opened(*dialects: Dialect) -> AnyDialect:
    codec = AnyDialect(dialects, {})
    codec.opened(0.0)
    return codec


class TestOneLine:
    @pytest.mark.parametrize("name", ["b", "c"])
    def test_the_first_whose_frames_come_is_taken(self, name: str) -> None:
        codec = opened(B, C)
        assert codec.dialect is None
        assert codec.feed(b"..") == []
        assert codec.feed(f".{name}{name}".encode()) == [Identity(name)] * 2
        assert codec.dialect == name

    def test_another_is_not_listened_to_any_more(self) -> None:
        codec = opened(B, C)
        codec.feed(b"b")
        assert codec.feed(b"c" * 1000) == []
        assert codec.dialect == "b"

    def test_much_at_once_is_no_other_than_little_by_little(self) -> None:
        codec = opened(B, C)
        assert codec.feed(b"." * 1000 + b"c" + b"." * 1000 + b"bc") == [Identity("c")] * 2

    def test_only_what_the_found_one_met_is_counted(self) -> None:
        codec = opened(B, C)
        codec.feed(b"..c.")
        codec.feed(b"c")
        assert codec.stats.frames == 2
        assert codec.stats.damaged == {"skipped-byte": 3}

    def test_what_no_dialect_can_read_is_counted_all_the_same(self) -> None:
        codec = opened(B, C)
        codec.feed(b"..")
        codec.feed(b".")
        assert codec.stats.damaged == {"skipped-byte": 3}
        codec.closed()
        codec.opened(1.0)
        codec.feed(b"..")
        assert codec.stats.damaged == {"skipped-byte": 5}
        codec.feed(b"b.")
        assert codec.stats.damaged == {"skipped-byte": 6}

    def test_the_count_goes_on_over_all_links(self) -> None:
        codec = opened(B, C)
        codec.feed(b"bb")
        codec.closed()
        codec.opened(1.0)
        codec.feed(b"c")
        assert (codec.dialect, codec.stats.frames) == ("c", 3)

    def test_the_first_that_has_something_to_say_speaks(self) -> None:
        codec = opened(B, C)
        assert (codec.data_to_send(), codec.deadline_s) == (b"C", 2.0)
        codec.handle_deadline(2.0)
        assert (codec.data_to_send(), codec.deadline_s) == (b"C", 4.0)

    def test_when_another_is_found_it_says_no_more(self) -> None:
        codec = opened(B, C)
        codec.data_to_send()
        codec.feed(b"b")
        assert (codec.data_to_send(), codec.deadline_s) == (b"", None)

    def test_two_that_speak_do_not_speak_both(self) -> None:
        codec = opened(toy("x", FAST, asks=True), C)
        assert codec.data_to_send() == b"X"
        codec.feed(b"c")
        assert codec.data_to_send() == b""

    def test_a_given_one_is_known_from_the_start(self) -> None:
        assert opened(C).dialect == "c"

    def test_who_it_said_it_is_before_it_was_known_is_reported_when_it_is(self) -> None:
        codec = opened(B, C)
        assert codec.feed(b"!") == []
        assert codec.feed(b"?c") == [Identity("c, at power-on"), Identity("c")]

    def test_what_another_link_said_is_not_reported(self) -> None:
        codec = opened(B, C)
        codec.feed(b"!")
        codec.closed()
        codec.opened(1.0)
        assert codec.feed(b"b") == [Identity("b")]


class TestSeveralLines:
    def test_they_take_turns_and_then_start_over(self) -> None:
        codec = opened(A, B, C)
        assert codec.lines == (SLOW, FAST)
        assert (codec.line, codec.dialect) == (SLOW, None)
        assert codec.try_next_line()
        assert codec.line == FAST
        assert not codec.try_next_line()
        assert codec.line == SLOW

    def test_on_each_line_only_its_own_dialects_are_heard(self) -> None:
        codec = opened(A, B, C)
        assert codec.feed(b"b") == []
        codec.try_next_line()
        codec.opened(1.0)
        assert codec.feed(b"a") == []
        assert codec.feed(b"b") == [Identity("b")]
        assert codec.dialect == "b"

    def test_a_lone_dialect_of_a_line_is_known_once_it_is_heard(self) -> None:
        codec = opened(A, B)
        assert codec.dialect is None
        codec.feed(b"a")
        assert codec.dialect == "a"

    def test_the_line_on_which_something_came_is_tried_first_and_all_others_after_it(self) -> None:
        codec = opened(A, B)
        codec.try_next_line()
        codec.opened(1.0)
        codec.feed(b"b")
        codec.closed()
        assert codec.line == FAST
        assert codec.try_next_line()
        assert codec.line == SLOW

    def test_a_device_that_cannot_be_asked_cannot_in_any_dialect(self) -> None:
        for ask in (opened(A, B).measure, opened(A, B).abort):
            with pytest.raises(CannotMeasure):
                ask(0.0)


DRIVER = Driver(
    name="toy",
    title="Toys",
    ranges={},
    flags=frozenset(),
    silent_after_s=3.0,
    stale_after_s={},
    dialects=(A, B, C),
)


@pytest.fixture
def _toys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.registry.DRIVERS", {"toy": DRIVER})


class Plugged:
    """A device that hears and is heard only where the line is set as it wants."""

    def __init__(self, port: MemoryPort, one: Bench, says: bytes, line: LineSettings) -> None:
        self.opened: list[tuple[float, LineSettings]] = []
        self.heard: list[bytes] = []
        self._port, self._one, self._says, self._line = port, one, says, line
        port.on_open = self._on_open
        port.on_bytes = self.heard.append

    def _on_open(self) -> None:
        device = self._one.device
        self.opened.append((device._now_s(), device.codec.line))
        self._port.send(self._says if device.codec.line == self._line else b"?")


@pytest.mark.usefixtures("_toys")
class TestDevice:
    @virtual_time()
    async def test_after_a_silent_time_the_next_lines_turn_comes_at_once(self) -> None:
        with MemoryPort("bed") as port:
            async with bench("toy", "memory://bed", virtual_clock()) as one:
                plugged = Plugged(port, one, b"c", FAST)
                await one.until_up()
                assert plugged.opened == [(0.0, SLOW), (3.0, FAST)]
                assert plugged.heard == [b"C"]
                assert [c.state for c in one.changes] == [LinkState.CONNECTING, LinkState.UP]
                assert one.device.counters.reconnects == 1

    @virtual_time()
    async def test_what_was_found_is_opened_first_the_next_time(self) -> None:
        with MemoryPort("bed") as port:
            async with bench("toy", "memory://bed", virtual_clock()) as one:
                plugged = Plugged(port, one, b"b", FAST)
                await one.until_up()
                port.hang_up()
                await one.until_up(2)
                assert [line for _, line in plugged.opened] == [SLOW, FAST, FAST]

    @virtual_time()
    async def test_when_nothing_comes_on_any_line_all_are_named_once_a_round(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("toy", "memory://bed", clock) as one:
                plugged = Plugged(port, one, b"", FAST)
                reason = await one.until_down()
                assert "nothing valid for 3 s at 19200 8O1 or 115200 8N1, bytes" in reason
                assert clock.now().mono == 6.0
                await clock.sleep(100)
                assert len(one.changes) == 2
                assert [line for _, line in plugged.opened[:6]] == [SLOW, FAST] * 3

    @virtual_time()
    async def test_a_given_dialect_is_opened_as_it_wants_and_no_other(self) -> None:
        clock = virtual_clock()
        with MemoryPort("bed") as port:
            async with bench("toy", "memory://bed", clock, "b") as one:
                plugged = Plugged(port, one, b"?", FAST)
                assert "nothing valid for 3 s, bytes" in await one.until_down()
                await clock.sleep(60)
                assert {line for _, line in plugged.opened} == {FAST}

    @virtual_time()
    async def test_a_port_that_cannot_be_opened_has_no_turn(self) -> None:
        clock = virtual_clock()
        async with bench("toy", "memory://bed", clock) as one:
            await one.until_down()
            assert one.device.codec.line == SLOW
            assert clock.now().mono == 0
