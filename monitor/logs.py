"""What the daemon says about itself: structured, on standard error.

`console` is for people, `json` for machines, one object a line. Libraries that log in the
standard way come out of the same end. A traceback shows no local variables: they can hold a
patient's data, and to render them takes seconds in which nobody is watched.

A line is written by a thread of its own. When nobody reads the lines (a full pipe, a terminal
that was stopped), so many are kept, the others are dropped and counted, and nothing waits.
"""

import contextlib
import logging
import os
import queue
import threading
from typing import Final, Literal

import structlog
from structlog.typing import Processor

_SHARED: Final[list[Processor]] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
]

STDERR: Final = 2
KEPT_LINES: Final = 2_000
LAST_LINES_S: Final = 1.0
"""How long the end of the program waits for the last lines to be written."""

_QUIET: Final = ("uvicorn", "asyncio", "sqlalchemy", "alembic")


def configure(format_: Literal["console", "json"] = "console", level: str = "info") -> None:
    """Send all logs of at least `level` to standard error."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(number),
        cache_logger_on_first_use=False,
    )
    handler = WriterHandler(STDERR)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=_SHARED,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_renderers(format_, colours=os.isatty(STDERR)),
            ],
        )
    )
    root = logging.getLogger()
    for former in root.handlers[:]:
        root.removeHandler(former)
        former.close()
    root.addHandler(handler)
    root.setLevel(number)
    for name in _QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


class WriterHandler(logging.Handler):
    """Writes records to the file descriptor `fd` on a thread, and drops what it cannot keep.

    `dropped` counts them. It writes past Python's own streams: a thread that is held up in one
    of those would hold up the end of the program as well.
    """

    def __init__(self, fd: int, kept_lines: int = KEPT_LINES) -> None:
        super().__init__()
        self.dropped = 0
        self._fd = fd
        self._lines: queue.Queue[str | None] = queue.Queue(kept_lines)
        self._thread = threading.Thread(target=self._write, name="log", daemon=True)
        self._thread.start()

    def emit(self, record: logging.LogRecord) -> None:
        try:
            self._lines.put_nowait(self.format(record))
        except Exception:
            self.dropped += 1

    def close(self) -> None:
        """Write the last lines, if that can be done in `LAST_LINES_S`. `logging` closes at exit."""
        with contextlib.suppress(queue.Full):
            self._lines.put(None, timeout=LAST_LINES_S)
            self._thread.join(LAST_LINES_S)
        super().close()

    def _write(self) -> None:
        said = 0
        while (line := self._lines.get()) is not None:
            if (dropped := self.dropped) > said:
                line = f"{self._lost(dropped - said)}\n{line}"
                said = dropped
            rest = f"{line}\n".encode(errors="backslashreplace")
            try:
                while rest:
                    rest = rest[os.write(self._fd, rest) :]
            except OSError:
                self.dropped += 1

    def _lost(self, lines: int) -> str:
        text = f"log.dropped lines={lines}"
        return self.format(logging.LogRecord(__name__, logging.WARNING, "", 0, text, None, None))


def _renderers(format_: str, *, colours: bool) -> list[Processor]:
    if format_ == "json":
        tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(tracebacks),
            structlog.processors.JSONRenderer(),
        ]
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain)]
