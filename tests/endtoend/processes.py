"""The command `postdose` as a process: started anew, or forked from one that has imported it all.

To import the program takes the processor many times as long as most tests have it work. A forked
process is one like any other, with its own memory, files and signals; only its imports are not
its own. So there is a test that starts each command anew.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import IO, Any, Final, Self

from tests.patience import HOPELESS_S

POSTDOSE: Final = (sys.executable, "-m", "monitor.cli")

FORKS: Final = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["tests.endtoend.imports"])


class Lines:
    """The lines a process prints, gathered as they come, to be waited for."""

    def __init__(self, stream: IO[str]) -> None:
        self.seen: list[str] = []
        self._stream = stream
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self._gather, daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        """All of them."""
        return "".join(f"{line}\n" for line in self.seen)

    def close(self) -> None:
        """Gather the last lines of a process that has ended."""
        self._thread.join(HOPELESS_S)
        self._stream.close()

    def _gather(self) -> None:
        for line in self._stream:
            with self._came:
                self.seen.append(line.rstrip("\n"))
                self._came.notify_all()

    def wait_for(self, wanted: Callable[[str], Any]) -> str:
        """The first line that is `wanted`."""

        def found() -> str | None:
            return next((line for line in self.seen if wanted(line)), None)

        with self._came:
            assert self._came.wait_for(found, HOPELESS_S), "\n".join(self.seen[-30:])
            line = found()
        assert line is not None
        return line


class Process:
    """A command, running. `start` and `fork` make one; with either it is the same command."""

    def __init__(
        self, pid: int, out: IO[str], err: IO[str], wait: Callable[[float], int | None]
    ) -> None:
        self.pid = pid
        self.out = Lines(out)
        self.err = Lines(err)
        self._wait = wait

    @classmethod
    def start(cls, *arguments: str, environment: Mapping[str, str] | None = None) -> Self:
        """Run the command in an interpreter of its own."""
        process = subprocess.Popen(
            [*POSTDOSE, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | dict(environment or {}),
        )
        assert process.stdout is not None
        assert process.stderr is not None

        def wait(timeout_s: float) -> int | None:
            try:
                return process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                return None

        return cls(process.pid, process.stdout, process.stderr, wait)

    @classmethod
    def fork(cls, *arguments: str, environment: Mapping[str, str] | None = None) -> Self:
        """Run the command in a process that need not import it."""
        (out, its_out), (err, its_err) = (FORKS.Pipe(duplex=False) for _ in range(2))
        process = FORKS.Process(
            target=command, args=(arguments, dict(environment or {}), its_out, its_err)
        )
        process.start()
        its_out.close()
        its_err.close()
        assert process.pid is not None

        def wait(timeout_s: float) -> int | None:
            process.join(timeout_s)
            return process.exitcode

        return cls(process.pid, _text(out), _text(err), wait)

    @property
    def running(self) -> bool:
        """Whether it has not ended."""
        return self._wait(0) is None

    def interrupt(self) -> int:
        """Ctrl-C, and the exit status that follows."""
        return self._signalled(signal.SIGINT)

    def kill(self) -> None:
        """`kill -9`."""
        self._signalled(signal.SIGKILL)

    def _signalled(self, how: signal.Signals) -> int:
        if self.running:
            os.kill(self.pid, how)
        return self.ended()

    def ended(self) -> int:
        """The exit status, waited for."""
        status = self._wait(HOPELESS_S)
        assert status is not None, "\n".join(self.err.seen[-30:])
        self.out.close()
        self.err.close()
        return status


def _text(pipe: Connection) -> IO[str]:
    with pipe:
        return os.fdopen(os.dup(pipe.fileno()), encoding="utf-8")


def command(
    arguments: tuple[str, ...], environment: dict[str, str], out: Connection, err: Connection
) -> None:
    """Be the command, in a forked process."""
    from monitor.cli import main

    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    out.close()
    err.close()
    os.environ.update(environment)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    sys.argv = ["postdose", *arguments]
    main()


Begin = Callable[..., Process]
"""`Process.start` or `Process.fork`."""


@contextmanager
def running(*arguments: str, begin: Begin = Process.fork) -> Iterator[Process]:
    """A command; it is ended when the block is left."""
    process = begin(*arguments)
    try:
        yield process
    finally:
        if process.running:
            process.kill()


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    status: int
    out: str
    err: str

    @property
    def complaint(self) -> str:
        """The one line on standard error."""
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        return lines[0]


def ran(
    *arguments: str, begin: Begin = Process.fork, environment: Mapping[str, str] | None = None
) -> Done:
    """A command, run to its end."""
    process = begin(*arguments, environment=environment)
    status = process.ended()
    return Done(status, process.out.text, process.err.text)
