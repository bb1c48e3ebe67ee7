"""A whole ward in one process tree: simulated devices, daemon, broker, and a nurse.

The devices are a process of their own on real pseudo-terminals; it ends when this one
does. The nurse starts sessions, gives doses and scores as the simulated patients truly
are; alarms are left to whoever watches the page, until the patient has to make room.
"""

import asyncio
import contextlib
import json
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

from drivers.clock import Clock
from monitor.daemon import Daemon, StartError
from monitor.mqtt.embedded_broker import BrokerError, EmbeddedBroker
from monitor.session import (
    Acknowledge,
    CheckKind,
    CheckState,
    Close,
    Command,
    Confirmation,
    ConfirmEscort,
    ControlInfusion,
    Deviation,
    GiveDose,
    InfusionAction,
    Phase,
    RecordObservation,
    RecordPreparation,
    RecordScore,
    Refused,
    StartSession,
    Stored,
    record_fields,
)
from monitor.settings import Settings
from monitor.ward import BedRunner, Ward

SCENARIOS: Final = (
    "desaturation",
    "hypertension",
    "dissociation",
    "calm",
    "severe-hypertension",
    "sensor-off",
    "cuff-leak",
    "unplugged",
)
"""What the patients do, bed by bed, over and over."""

REGIMENS: Final = ("esketamine-84", "esketamine-56", "esketamine-84", "ketamine-iv")

AGE: Final = 44
WEIGHT_KG: Final = 70.0
RESP: Final = 14.0
NURSES: Final = ("M. Rossi", "J. Klein")

LOOK_S: Final = 20.0
"""How often the nurse looks after a bed, in the patient's time."""

BASELINE_S: Final = 120.0
"""How long before the dose a session begins: long enough for the first pressure."""

GATE_LOOKS: Final = 15
"""So often the nurse looks whether the dose may be given, before the demo goes on all the same."""

DEVIATION: Final = Deviation("the demo goes on")

STAGGER_S: Final = 60.0
"""How much later each bed's first session begins than the one before."""

APART_S: Final = 300.0
LINGER_S: Final = 30 * 60.0
"""How long after the window the nurse waits for readiness before she settles what is open."""

EMPTY_S: Final = 180.0
START_S: Final = 20.0
STOP_S: Final = 2.0

ENDED: Final = "the simulated devices ended; what they said is above"


async def run(
    *, beds: int, speed: float, port: int, mqtt_port: int, broker: bool, say: Callable[[str], None]
) -> None:
    """Run the demo until the process is interrupted. Raises `StartError`."""
    stop = asyncio.Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(each, stop.set)
    with tempfile.TemporaryDirectory(prefix="postdose-demo-") as folder:
        async with contextlib.AsyncExitStack() as stack:
            if broker:
                await stack.enter_async_context(_broker(mqtt_port))
            settings = _settings(Path(folder), beds, port, mqtt_port)
            devices = await stack.enter_async_context(_simulated(settings, speed))
            # A clock of its own, so that the time is said to be simulated at speed 1 as well.
            clock = Clock(speed, start=Clock().now().wall)
            daemon = await stack.enter_async_context(Daemon.started(settings, clock))
            _announce(daemon, settings, speed, say)
            daemon.ward.feed.listen(lambda stored: _say_alarm(stored, say))
            nurses = await stack.enter_async_context(_nurses(daemon.ward, devices))
            ended = asyncio.create_task(stop.wait())
            await asyncio.wait({ended, *nurses}, return_when=asyncio.FIRST_COMPLETED)
            ended.cancel()
            say("\nStopping.")


@contextlib.asynccontextmanager
async def _broker(port: int) -> AsyncIterator[None]:
    try:
        async with EmbeddedBroker(port):
            yield
    except BrokerError as error:
        raise StartError(f"{error} (--mqtt-port, --no-broker)") from error


def _settings(folder: Path, beds: int, port: int, mqtt_port: int) -> Settings:
    return Settings.model_validate(
        {
            "site": {"id": "demo"},
            "api": {"port": port},
            "mqtt": {"url": f"mqtt://127.0.0.1:{mqtt_port}", "protocol": "3.1.1"},
            "store": {"url": f"sqlite:///{folder}/postdose.db"},
            "beds": [
                {
                    "id": f"bed-{number}",
                    "devices": [
                        {
                            "id": "oximeter",
                            "driver": "nonin",
                            "url": f"{folder}/bed-{number}-oximeter",
                        },
                        {"id": "cuff", "driver": "suntech", "url": f"{folder}/bed-{number}-cuff"},
                    ],
                }
                for number in range(1, beds + 1)
            ],
        }
    )


def _announce(daemon: Daemon, settings: Settings, speed: float, say: Callable[[str], None]) -> None:
    port = settings.mqtt.url.rsplit(":", 1)[-1]
    topic = f"{settings.mqtt.root}/{settings.site.id}"
    say(f"Postdose demo: {len(settings.beds)} beds at {speed:g} times real time. Ctrl-C ends it.")
    say("Simulated patients. Not a certified medical device.\n")
    say(f"  page     {daemon.url}/")
    say(f"  API      {daemon.url}/api/v1/beds   (described in {daemon.url}/openapi.json)")
    say(f"  broker   {settings.mqtt.url}")
    say(f"  alarms   mosquitto_sub -h 127.0.0.1 -p {port} -v -t '{topic}/+/alarm/+'")
    say(f"           curl -N {daemon.url}/api/v1/stream\n")


_SAID: Final = {
    "alarm.raised": "raised",
    "alarm.re-raised": "raised again",
    "alarm.acknowledged": "acknowledged",
    "alarm.condition-ended": "over, latched",
    "alarm.unacknowledged": "given back",
    "alarm.escalated": "escalated",
    "alarm.called-again": "calls again",
    "alarm.ended": "ended",
    "alarm.reset": "ended",
}


def _say_alarm(stored: Stored, say: Callable[[str], None]) -> None:
    said = _SAID.get(stored.event.type)
    if said is not None:
        alarm = stored.event.payload["alarm"]
        at = stored.event.at.astimezone().strftime("%H:%M:%S")
        priority = "advisory" if alarm["kind"] == "advisory" else alarm["priority"]
        say(f"{at}  {stored.event.bed:<7} {priority:<8} {said:<13} {alarm['text']}")


# ── the devices ─────────────────────────────────────────────────────────────────────────


class _Devices:
    """The process that is the ward's devices, and what it can be asked."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._asking = asyncio.Lock()

    async def start(self, ward: object) -> None:
        """Be the devices of `ward`; returns when every one is at its port."""
        await self._tell(ward)
        try:
            async with asyncio.timeout(START_S):
                await self._line()
        except TimeoutError as error:
            raise StartError(f"no simulated devices in {START_S:g} s; try --beds 1") from error

    async def watch(self) -> None:
        """Raises `StartError` when the process ends."""
        await self._process.wait()
        raise StartError(ENDED)

    async def dose(self, bed: str) -> None:
        """Let the drug begin to act."""
        await self._tell({"bed": bed, "dose": True})

    async def patient(self, bed: str) -> dict[str, Any]:
        """The patient's true vital signs and scores now."""
        async with self._asking:
            await self._tell({"bed": bed, "ask": "patient"})
            answer: dict[str, Any] = json.loads(await self._line())
        return dict(answer["vitals"])

    async def _tell(self, what: object) -> None:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            await self._process.stdin.drain()
        except (OSError, RuntimeError) as error:
            raise StartError(ENDED) from error

    async def _line(self) -> bytes:
        """The next line the process says. Raises `StartError` when it ends before that does."""
        assert self._process.stdout is not None
        try:
            line = await self._process.stdout.readline()
        except OSError as error:
            raise StartError(ENDED) from error
        if not line.endswith(b"\n"):
            raise StartError(ENDED)
        return line


@contextlib.asynccontextmanager
async def _simulated(settings: Settings, speed: float) -> AsyncIterator[_Devices]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "simulators",
        "ward",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        devices = _Devices(process)
        await devices.start(_ward_of(settings, speed))
        yield devices
    finally:
        await _end(process)


def _ward_of(settings: Settings, speed: float) -> list[dict[str, Any]]:
    return [
        {
            "id": bed.id,
            "scenario": SCENARIOS[number % len(SCENARIOS)],
            "seed": number + 1,
            "speed": speed,
            "devices": [
                {"id": device.id, "kind": device.driver, "pty": device.url}
                for device in bed.devices
            ],
        }
        for number, bed in enumerate(settings.beds)
    ]


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None:
        process.stdin.close()
    try:
        async with asyncio.timeout(STOP_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


# ── the nurse ───────────────────────────────────────────────────────────────────────────


@contextlib.asynccontextmanager
async def _nurses(ward: Ward, devices: _Devices) -> AsyncIterator[list[asyncio.Task[None]]]:
    tasks = [asyncio.create_task(devices.watch())] + [
        asyncio.create_task(_Nurse(number, runner, ward, devices).work())
        for number, runner in enumerate(ward.bed_runners.values())
    ]
    try:
        yield tasks
    finally:
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                raise result


class _Nurse:
    """Looks after one bed, one patient after another."""

    def __init__(self, number: int, runner: BedRunner, ward: Ward, devices: _Devices) -> None:
        self._number = number
        self._runner = runner
        self._clock: Clock = ward.clock
        self._regimen = ward.regimens.by_name[REGIMENS[number % len(REGIMENS)]]
        self._devices = devices
        self._by = NURSES[number % len(NURSES)]

    async def work(self) -> None:
        """Look after one patient after another, for ever."""
        patient = 1
        await self._clock.sleep(self._number * STAGGER_S)
        while True:
            await self._one_patient(f"P-{self._number + 1}{patient:02d}")
            await self._clock.sleep(EMPTY_S)
            patient += 1

    async def _one_patient(self, patient: str) -> None:
        regimen = self._regimen
        await self._do(
            StartSession(
                id=uuid4().hex,
                patient=patient,
                age=AGE,
                weight_kg=WEIGHT_KG,
                regimen=regimen,
                medicines=("benzodiazepine",),
                by=self._by,
                escort_planned=True,
            )
        )
        await self._do(self._preparation())
        await self._score("cadss")
        await self._score("moaas")
        await self._count_breaths()
        await self._clock.sleep(BASELINE_S)
        await self._wait_for_the_gate()
        await self._give()
        while self._session.is_open:
            await self._clock.sleep(LOOK_S)
            await self._look()

    def _preparation(self) -> RecordPreparation:
        gate = self._regimen.gate
        return RecordPreparation(
            None,
            None,
            self._by,
            Confirmation(changed=False),
            medicine_classes={
                name: name == "benzodiazepine" for name in record_fields.MEDICINE_CLASSES
            },
            contraindications=dict.fromkeys(gate.contraindications, "no"),
            cautions=(),
            suicidality="none",
            fasting=dict.fromkeys(gate.fasting, True),
        )

    @property
    def _session(self) -> Any:
        return self._runner.bed.session

    async def _wait_for_the_gate(self) -> None:
        readiness = self._runner.bed.readiness
        for _ in range(GATE_LOOKS):
            if not any(c.stops for c in readiness.predose_criteria(self._clock.now())):
                return
            await self._clock.sleep(LOOK_S)

    async def _give(self) -> None:
        regimen = self._regimen
        await self._devices.dose(self._runner.id)
        if regimen.is_infusion:
            start = ControlInfusion(InfusionAction.START, self._by, lot="K77")
            await self._do(start, replace(start, given=True, deviation=DEVIATION))
            return
        total, each = regimen.total_mg or 0.0, regimen.device_mg or 28.0
        for device in range(round(total / each)):
            if device:
                await self._clock.sleep(APART_S)
                await self._score("moaas")
            dose = GiveDose(regimen.product, each, self._by, lot=f"A{100 + device}")
            await self._do(dose, replace(dose, given=True, deviation=DEVIATION))

    async def _look(self) -> None:
        now = self._clock.now()
        infusion = self._session.infusion
        if infusion is not None and infusion.running:
            ran_s = (now.wall - infusion.started_at).total_seconds()
            if ran_s >= 60 * (self._regimen.infusion_min or 0):
                await self._do(ControlInfusion(InfusionAction.END, self._by))
        for planned in self._runner.bed.readiness.planned_checks(now):
            if planned.state is not CheckState.DUE or planned.check is CheckKind.PRESSURE:
                continue
            if planned.check is CheckKind.RESP:
                await self._count_breaths()
            else:
                await self._score(planned.check.value)
        await self._settle((self._session.window_ends_at or now.wall), now.wall)

    async def _settle(self, over_at: Any, wall: Any) -> None:
        late_s = (wall - over_at).total_seconds()
        if late_s < -LOOK_S or self._session.first_dose_at is None:
            return
        await self._do(ConfirmEscort(self._by))
        if self._session.phase is Phase.READY and late_s > APART_S:
            await self._do(Close(self._by, escort=True, suicidality="none"))
        elif late_s > LINGER_S:
            for alarm in self._runner.bed.alarm_engine.open_alarms():
                await self._do(Acknowledge(alarm.id, alarm.acknowledged_by or self._by))
            if late_s > 2 * LINGER_S:
                reason = "the demo's next patient is waiting"
                await self._do(Close(self._by, True, "Dr. Demo", reason, "none"))

    async def _score(self, scale: str) -> None:
        truth = await self._devices.patient(self._runner.id)
        total = truth[scale]
        await self._do(RecordScore(scale, 0 if total is None else total, None, self._by))

    async def _count_breaths(self) -> None:
        await self._do(RecordObservation(self._by, resp=RESP))

    async def _do(self, *commands: Command) -> None:
        """The first of these that is not refused."""
        for command in commands:
            with contextlib.suppress(Refused):
                await self._runner.command(command)
                return
