"""The composition root: everything that makes up the running daemon, joined once.

`Daemon.started` opens what has to be open (port, journal), says in one line what cannot
be, and runs the rest under one TaskGroup until it is left.
"""

import asyncio
import contextlib
import errno
import gc
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any, Final

import structlog
import uvicorn
from fastapi import FastAPI

from alerts.rules import RuleSet, loader
from api import connection_limits, create_app
from drivers.capture_writer import Captures
from drivers.clock import Clock
from monitor import __version__
from monitor.access import AccessControl, AccessStore
from monitor.journal import HeldError, Journal, StoreError, UnavailableError
from monitor.mqtt import MqttPublisher, MqttSettings
from monitor.session import RegimenError, Regimens, jurisdictions
from monitor.settings import Settings
from monitor.ward import BrokerStatus, Ward

GRACE_S: Final = 1
"""How long an open request may take to end when the daemon stops."""

HELD_RETRY_S: Final = 2
"""How long it waits, each time, for another daemon to let go of the journal."""

_log = structlog.get_logger(__name__)


class StartError(Exception):
    """The daemon cannot start; the message says why and how to mend it."""


class Daemon:
    """A running daemon: its ward, and where it is reached."""

    def __init__(self, ward: Ward, url: str | None) -> None:
        self.ward = ward
        self.url = url

    @classmethod
    @contextlib.asynccontextmanager
    async def started(cls, settings: Settings, clock: Clock) -> AsyncIterator["Daemon"]:
        """A daemon that runs by `clock` until the block is left. Raises `StartError`."""
        rules, regimens = load_files(settings)
        _check_certificate(settings)
        listening = _listen(settings) if settings.api.enabled else None
        try:
            journal = await _journal(settings.store.url, clock)
            captures = _captures(settings, clock)
            try:
                ward = _ward(settings, rules, regimens, journal, clock, captures)
                await ward.restore()
                control = await _access(settings, journal)
                if settings.api.enabled:
                    ward.users_missing = control.gone
                try:
                    async with _running(settings, ward, control, listening):
                        yield cls(ward, _url(settings, listening))
                finally:
                    await control.log.close()
            finally:
                await journal.close()
                captures.close()
        except StoreError as error:
            raise StartError(str(error)) from error
        finally:
            if listening is not None:
                listening.close()


async def run(settings: Settings, *, speed: float = 1.0) -> None:
    """Run the daemon until the process is interrupted or terminated. Raises `StartError`."""
    stop = asyncio.Event()
    async with _started(settings, speed, stop) as daemon:
        _log.info(
            "daemon.started",
            version=__version__,
            url=daemon.url,
            beds=len(daemon.ward.bed_runners),
            seq=daemon.ward.journal.last_seq,
        )
        _freeze_gc()
        await stop.wait()
        _log.info("daemon.stopping")


@contextlib.asynccontextmanager
async def _started(settings: Settings, speed: float, stop: asyncio.Event) -> AsyncIterator[Daemon]:
    """As `Daemon.started`; a signal ends the starting, and sets `stop` after that."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    assert task is not None
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, task.cancel)
    try:
        async with Daemon.started(settings, Clock(speed)) as daemon:
            for each in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(each, stop.set)
            yield daemon
    except asyncio.CancelledError:
        raise StartError("it was stopped while it was starting") from None


def _freeze_gc() -> None:
    """Have no garbage collection walk what was made by now: a tenth of a second each time."""
    gc.collect()
    gc.freeze()


def load_files(settings: Settings) -> tuple[RuleSet, Regimens]:
    """The rules and regimens that the settings name. Raises `StartError`."""
    try:
        rules = loader.load_rules(settings.rules.set)
    except loader.RuleError as error:
        raise StartError(str(error)) from error
    return rules, load_regimens(settings)


def load_regimens(settings: Settings) -> Regimens:
    """The regimens that ship and the site's own, in its jurisdiction. Raises `StartError`."""
    try:
        found = Regimens.shipped().with_files(list(settings.regimens.files))
        return jurisdictions()[settings.site.jurisdiction].of_all(found)
    except RegimenError as error:
        raise StartError(str(error)) from error


def broker(settings: Settings) -> MqttSettings:
    """Where the settings say the broker is. Raises `StartError`."""
    mqtt = settings.mqtt.model_dump(exclude={"enabled"})
    try:
        return MqttSettings(site=settings.site.id, **mqtt)
    except ValueError as error:
        raise StartError(str(error)) from error


async def _journal(url: str, clock: Clock) -> Journal:
    """The journal at `url`; one that can only be read; or what stands for one that is not there.

    Waits while another daemon writes it: that one watches, or is about to be missed by the
    server. Raises `StoreError` where waiting would mend nothing.
    """
    while True:
        try:
            return await asyncio.to_thread(Journal.open, url, clock=clock)
        except HeldError as error:
            _log.warning("journal.held", reason=str(error))
            await clock.sleep(HELD_RETRY_S)
        except UnavailableError as error:
            with contextlib.suppress(UnavailableError):
                return await asyncio.to_thread(Journal.open_read_only, url, clock=clock)
            return Journal.absent(url, error, clock=clock)


def _captures(settings: Settings, clock: Clock) -> Captures:
    capture = settings.capture
    return Captures(
        settings.capture_folder,
        settings.captured(),
        clock,
        file_bytes=capture.file_mb * 1_000_000,
        files=capture.files,
    )


def _ward(
    settings: Settings,
    rules: RuleSet,
    regimens: Regimens,
    journal: Journal,
    clock: Clock,
    captures: Captures,
) -> Ward:
    beds = {bed.id: [device.spec() for device in bed.devices] for bed in settings.beds}
    names = {bed.id: bed.name for bed in settings.beds if bed.name}
    return Ward(
        settings.site.id,
        beds,
        rules,
        regimens,
        journal,
        clock,
        zone=settings.site.zone,
        names=names,
        expects_displays=settings.expects_displays,
        captures=captures,
    )


async def _access(settings: Settings, journal: Journal) -> AccessControl:
    """Who may act. Raises `StartError` where others reach the daemon and there never were users."""
    api = settings.api
    control = AccessControl(
        journal,
        AccessStore(settings.store.url),
        Clock(),
        others_reach=api.others_reach,
        needs_users=api.needs_users,
    )
    await control.read()
    if not api.enabled or not control.has_no_users:
        return control
    if control.needs_users:
        _log.error("access.users-missing", reason=control.closed_because)
    elif api.others_reach:
        raise StartError(
            f"{api.host} can be reached by others, and there are no users: first postdose user "
            "add NAME --role … --config …, or keep api.host = 127.0.0.1 and no proxy"
        )
    else:
        _log.warning(
            "access.open",
            reason="no users: anybody on this machine acts under any name",
            mend="postdose user add NAME --role … --config …",
        )
    return control


def _check_certificate(settings: Settings) -> None:
    """Raises `StartError` where TLS cannot be served."""
    cert, key = settings.api.cert, settings.api.key
    if cert is None or key is None:
        return
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(cert, key)
    except OSError as error:
        raise StartError(
            f"api.cert {cert} and api.key {key}: {error.strerror or error}; give a certificate "
            "and its key as PEM files that the daemon's user can read"
        ) from error


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.api.host, settings.api.port
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()
    except OSError as error:
        listening.close()
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"{error.strerror}"
        raise StartError(
            f"{host}:{port} {reason}; choose another api.port, or --port for the demo"
        ) from error
    return listening


def _url(settings: Settings, listening: socket.socket | None) -> str | None:
    if listening is None:
        return None
    host, port = listening.getsockname()[:2]
    scheme = "http" if settings.api.cert is None else "https"
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


@contextlib.asynccontextmanager
async def _running(
    settings: Settings, ward: Ward, control: AccessControl, listening: socket.socket | None
) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as tasks:
        background = _start_publisher(settings, ward, tasks)
        server = _Server(settings, ward, control) if listening is not None else None
        if server is not None and listening is not None:
            tasks.create_task(server.serve(sockets=[listening]), name="http")
        try:
            async with ward.run():
                yield
        finally:
            ward.feed.close()
            if server is not None:
                server.should_exit = True
            for task in background:
                task.cancel()


class _Server(uvicorn.Server):
    """Uvicorn, with the signals left to the daemon."""

    def __init__(self, settings: Settings, ward: Ward, control: AccessControl) -> None:
        api = settings.api
        app: FastAPI = create_app(
            ward,
            version=__version__,
            host=api.host,
            any_host=api.is_encrypted,
            control=control,
            encrypted=api.is_encrypted,
        )
        super().__init__(
            uvicorn.Config(
                app,
                **connection_limits(proxied=api.behind_proxy),
                ssl_certfile=api.cert,
                ssl_keyfile=api.key,
                log_config=None,
                access_log=False,
                lifespan="off",
                ws="none",
                server_header=False,
                timeout_graceful_shutdown=GRACE_S,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        """Leave the signals alone."""
        yield


def _start_publisher(
    settings: Settings, ward: Ward, tasks: asyncio.TaskGroup
) -> list[asyncio.Task[Any]]:
    if not settings.mqtt.enabled:
        return []
    publisher = MqttPublisher(
        broker(settings),
        journal=ward.journal,
        feed=ward.feed,
        ward=_PublisherView(ward),
        clock=ward.clock,
        boot=ward.boot,
    )
    ward.unstored_listeners.append(publisher.publish_unstored)
    ward.broker_status = lambda: _broker_status(publisher)
    return [tasks.create_task(publisher.run(), name="mqtt")]


def _broker_status(publisher: MqttPublisher) -> BrokerStatus:
    return BrokerStatus(
        configured=True,
        connected=publisher.connected_since is not None,
        since=publisher.connected_since or publisher.disconnected_since,
        waiting=publisher.queue_depth,
        reason=publisher.failure or publisher.refusal,
    )


class _PublisherView:
    """The ward as the publisher asks for it."""

    def __init__(self, ward: Ward) -> None:
        self._ward = ward

    def beds(self) -> Iterable[str]:
        return self._ward.bed_runners

    def vitals(self, bed: str) -> Mapping[str, Any] | None:
        shown = self._ward.latest_vitals.get(bed)
        if shown is None:
            return None
        return {
            name: {key: value for key, value in vital.items() if key != "age_s"}
            for name, vital in shown["vitals"].items()
        }

    def session_state(self, bed: str) -> Mapping[str, Any] | None:
        return self._ward.bed_runners[bed].session()

    def open_alarms(self) -> Iterable[Mapping[str, Any]]:
        for runner in self._ward.bed_runners.values():
            yield from runner.alarms()
