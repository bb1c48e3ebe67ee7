"""A session goes from one bed to another: both cores are asked, and one commit stores it all.

Between the two no power cut can come: the session is at the one bed or at the other. Where anything
fails once the first core has let it go, both beds are rebuilt from what is stored.
"""

import asyncio
from collections.abc import Callable

from drivers.clock import Clock
from monitor.journal import Journal, Receipt
from monitor.session import MoveOut, Refused, Stored, moving
from monitor.ward.bed_runner import BedRunner


class SessionMove:
    """Where the command goes that moves the session of `source` to `target`."""

    def __init__(
        self, source: BedRunner, target: BedRunner, journal: Journal, clock: Clock
    ) -> None:
        self._source = source
        self._target = target
        self._journal = journal
        self._clock = clock

    def command(
        self, command: MoveOut, receipt: Callable[[], Receipt | None] | None = None
    ) -> "asyncio.Future[list[Stored]]":
        """Move it; done when both beds' events are durable.

        `receipt` is asked, after both beds took it, for what to store with them. Raises `Refused`,
        with nothing changed.
        """
        source, target = self._source, self._target
        for runner in (source, target):
            runner.check_available()
        if source is not target:
            moving.check_free(target.id, target.bed.session)
        now = self._clock.now()
        try:
            left = source.bed.handle(command, now)
        except Refused:
            source.record(now, command)
            raise
        except Exception as error:
            source.failed(error)
            raise
        try:
            departed = source.bed.departed
            assert departed is not None
            target.bed.expect(departed.arrival)
            came = target.bed.handle(departed.command, now)
            source.record(now, command)
            target.record(now, departed.command)
            target.take_prior_sessions(source)
            kept = None if receipt is None else receipt()
            stored = self._journal.append([*left.events, *came.events], receipt=kept)
        except Exception as error:
            source.failed(error)
            target.failed(error)
            raise
        source.follow(left, stored)
        return target.follow(came, stored)
