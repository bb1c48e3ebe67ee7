"""One codec for a device whose dialect may not be known yet.

Theory of operation. A dialect is recognised by its own codec: by the first good frame. Dialects
whose line is set alike are listened for at once; the others take turns, each a link of its own,
because a line set wrongly gives nothing to listen to. Whose turn it is says `line`; when nothing
valid came, the owner calls `try_next_line` and opens the link again. Once a dialect is known it
is the only one until the link ends.

On a link whose line is set elsewhere, or that has none (TCP, a pseudo-terminal), the first
dialect whose frames fit is taken: dialects with the same frames cannot be told apart there.

Before its first good frame a dialect is believed nothing but who the device says it is: that is
said once, at power-on, and is reported when the dialect is known.

While a dialect is looked for, one codec at most may speak: the first that has something to say
when the link opens. Nothing here knows a protocol.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from drivers.codec import Codec
from drivers.driver import Dialect, LineSettings, Options
from drivers.readings import Identity, Item

PIECE: Final = 64
"""How many bytes each candidate hears at a time: fewer than two dialects' frames could share."""


class AnyDialect(Codec):
    """Speaks whichever of `dialects` the device does."""

    def __init__(self, dialects: Sequence[Dialect], options: Options) -> None:
        super().__init__({})
        self._options = options
        by_line: dict[LineSettings, list[Dialect]] = {}
        for dialect in dialects:
            by_line.setdefault(dialect.line, []).append(dialect)
        self.lines = tuple(by_line)
        self._by_line = by_line
        self._turn = 0
        self._tried = 0
        self._frames_before = 0
        self._active = self._prepare()

    @property
    def line(self) -> LineSettings:
        """How the next link's line is to be set."""
        return self.lines[self._turn]

    @property
    def dialect(self) -> str | None:
        """The dialect that is spoken; None while it is not known."""
        is_sure = len(self.lines) == 1 or self.stats.frames != self._frames_before
        return next(iter(self._candidates)) if is_sure and len(self._candidates) == 1 else None

    def try_next_line(self) -> bool:
        """Nothing valid came: have the line set otherwise.

        False when every setting has had its turn, and the first one's comes again.
        """
        self._turn = (self._turn + 1) % len(self.lines)
        self._tried += 1
        if self._tried < len(self.lines):
            return True
        self._tried = 0
        return False

    def opened(self, now_s: float) -> None:
        self._frames_before = self.stats.frames
        self._active = self._prepare()
        for codec in self._candidates.values():
            codec.opened(now_s)
        if (speaker := self._speaker()) is not None:
            self._active = speaker
        self.deadline_s = self._active.deadline_s

    def closed(self) -> list[Item]:
        if self.stats.frames != self._frames_before:
            self._tried = 0
        return self._active.closed()

    def feed(self, data: bytes) -> list[Item]:
        items = self._active.feed(data) if len(self._candidates) == 1 else self._listen(data)
        self.deadline_s = self._active.deadline_s
        return items

    def handle_deadline(self, now_s: float) -> list[Item]:
        items = self._active.handle_deadline(now_s)
        self.deadline_s = self._active.deadline_s
        return items

    def measure(self, now_s: float) -> list[Item]:
        items = self._active.measure(now_s)
        self.deadline_s = self._active.deadline_s
        return items

    def abort(self, now_s: float) -> list[Item]:
        items = self._active.abort(now_s)
        self.deadline_s = self._active.deadline_s
        return items

    def data_to_send(self) -> bytes:
        return self._active.data_to_send()

    def _prepare(self) -> Codec:
        """Have every candidate of this line ready; the usual one."""
        self._candidates = {
            dialect.name: dialect.make(self._options) for dialect in self._by_line[self.line]
        }
        self._unread: Counter[str] = Counter()
        self._identities: dict[str, Identity] = {}
        usual = next(iter(self._candidates.values()))
        if len(self._candidates) == 1:
            usual.stats = self.stats
        return usual

    def _speaker(self) -> Codec | None:
        return next((codec for codec in self._candidates.values() if codec._out), None)

    def _listen(self, data: bytes) -> list[Item]:
        """Look for the dialect in `data`; what the one found says."""
        for at in range(0, len(data), PIECE):
            for name, codec in self._candidates.items():
                items = codec.feed(data[at : at + PIECE])
                if codec.stats.frames:
                    said = [self._identities[name]] if name in self._identities else []
                    self._settle(name, codec)
                    return said + items + codec.feed(data[at + PIECE :])
                for item in items:
                    if isinstance(item, Identity):
                        self._identities[name] = item
        # Until a dialect is known, what the usual one could not read is what was damaged.
        unread = self._active.stats.damaged
        self.stats.damaged += unread - self._unread
        self._unread = unread.copy()
        return []

    def _settle(self, name: str, codec: Codec) -> None:
        self.stats.damaged -= self._unread
        self.stats.add(codec.stats)
        codec.stats = self.stats
        if codec is not self._active:
            codec.data_to_send()
        self._active = codec
        self._candidates = {name: codec}
