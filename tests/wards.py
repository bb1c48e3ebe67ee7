"""A whole ward in memory and in virtual time: simulated devices, real daemon parts, real HTTP app.

The devices are the real simulators, joined to the drivers by `memory://` links; the journal
is a real SQLite file. What a real machine would add, ports, sockets and threads, is left out.
What every ward would make alike, the application's routes, the rules and the tables of a new
journal, is made once.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

import httpx
from fastapi import FastAPI

from alerts.rules import loader
from api import create_app
from drivers.clock import Clock
from drivers.links import MemoryPort
from drivers.registry import DeviceSpec
from monitor.journal import Journal
from monitor.journal.migrate import upgrade
from monitor.session.regimen import Regimens
from monitor.ward.ward import Ward
from simulators.clock import Timeline
from simulators.device_server import DeviceServer
from simulators.devices import build
from simulators.faults import Fault
from simulators.patient import Patient
from simulators.scenario import load_scenario

GIVEN: Final = {
    "given": True,
    "deviation": {"reason": "nothing of this is about the pre-dose criteria"},
}
DOSE: Final = {
    "product": "esketamine",
    "mg": 28,
    "by": "nurse.a",
    **GIVEN,
}
"""A dose that is given whether or not there is a baseline."""

LOOK_EVERY_S: Final = 5.0

DEVICES: Final = {"oximeter": "nonin", "cuff": "suntech"}
OTHERS: Final = {"finger": "nonin"}
"""Devices by other names, for a bed that is not like the others."""

_load_rules: Final = cache(loader.load_rules)
_load_scenario: Final = cache(load_scenario)
_regimens: Final = cache(Regimens.shipped)


@cache
def _new_journal() -> bytes:
    """The file of a journal in which nothing is written yet."""
    with TemporaryDirectory() as folder:
        upgrade(f"sqlite:///{folder}/postdose.db")
        return (Path(folder) / "postdose.db").read_bytes()


class _AnyWard:
    """Stands for the ward of an application, which keeps nothing of a ward but this."""

    def serve(self, ward: Ward) -> None:
        self.__dict__["_ward"] = ward

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_ward"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_ward"], name, value)


_idle: Final[list[tuple[FastAPI, _AnyWard]]] = []
"""The applications that answer for no ward now."""


@contextlib.asynccontextmanager
async def _http(ward: Ward) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that answers for `ward`, and later for another."""
    if _idle:
        app, answered = _idle.pop()
        answered.serve(ward)
    else:
        answered = _AnyWard()
        answered.serve(ward)
        app = create_app(cast(Ward, answered), version="test")
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        yield http
    _idle.append((app, answered))


class MemoryLine:
    """A simulator's port that is a `memory://` link."""

    def __init__(self, name: str) -> None:
        self._port = MemoryPort(name)
        self._entered = contextlib.ExitStack()

    @property
    def url(self) -> str:
        return f"memory://{self._port.name}"

    async def open(self, on_bytes: Callable[[bytes], None]) -> None:
        self._port.on_bytes = on_bytes
        self._entered.enter_context(self._port)

    def write(self, data: bytes) -> None:
        self._port.send(data)

    async def close(self) -> None:
        self._entered.close()


class SimulatedWard:
    """The ward, its HTTP client, and its patients and devices to play with."""

    def __init__(self, ward: Ward, http: httpx.AsyncClient) -> None:
        self.ward = ward
        self.http = http
        self.clock = ward.clock
        self.patients: dict[str, Patient] = {}
        self.devices: dict[tuple[str, str], DeviceServer] = {}
        self.timeline: Timeline

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON answer to a GET that has to succeed."""
        answer = await self.http.get(f"/api/v1{path}", params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def post(self, path: str, body: Mapping[str, Any], expect: int | None = None) -> Any:
        """The JSON answer to a POST; it has to succeed unless a status is expected."""
        answer = await self.http.post(f"/api/v1{path}", json=dict(body))
        good = answer.status_code == expect if expect else answer.is_success
        assert good, (answer.status_code, answer.text)
        return answer.json()

    async def start(self, bed: str = "bed-1", **changes: Any) -> str:
        """Start a session and give its id."""
        body = {
            "bed": bed,
            "patient": "P-017" if bed == "bed-1" else f"P-{bed}",
            "age": 44,
            "weight_kg": 71,
            "regimen": "esketamine-84",
            "by": "nurse.a",
        }
        return str((await self.post("/sessions", body | changes))["id"])

    async def dose(
        self, session: str, bed: str = "bed-1", mg: float = 28, ahead_min: float = 0
    ) -> Any:
        """Give a device's dose, to the record and to the patient.

        The patient's scenario then is at `ahead_min`; what it has before that is left out.
        """
        self.patients[bed].dose(self.timeline.now_s() - 60 * ahead_min)
        return await self.post(f"/sessions/{session}/doses", DOSE | {"mg": mg})

    async def abort(self, session: str) -> Any:
        """Abort the session, with all that this may need, and have the patient leave."""
        against = {"clinician": "dr.b", "reason": "unwell"}
        body = {"by": "nurse.a", "reason": "unwell", "outcome": "other"}
        aborted = await self.post(
            f"/sessions/{session}/abort", {**body, "against_criteria": against}
        )
        if aborted["patient_left_at"] is not None:
            return aborted
        return await self.post(f"/sessions/{session}/left", {"by": "nurse.a"})

    async def score(self, session: str, scale: str, total: int) -> Any:
        """Record a score."""
        body = {"scale": scale, "total": total, "by": "nurse.a"}
        return await self.post(f"/sessions/{session}/scores", body)

    def fault(self, device: str, kind: str, for_s: float, bed: str = "bed-1") -> None:
        """Have a device misbehave from now on for so long."""
        now_s = self.timeline.now_s()
        self.devices[bed, device].inject_fault(Fault(kind, now_s, for_s))

    async def alarms(self, bed: str = "bed-1") -> dict[str, Any]:
        """The bed's open alarms by rule."""
        return {alarm["rule"]: alarm for alarm in (await self.get(f"/beds/{bed}"))["alarms"]}

    async def until(self, met: Callable[[], Any], within_s: float = 7200) -> None:
        """Let time pass, a little at a time, until `met`."""
        for _ in range(int(within_s / LOOK_EVERY_S)):
            found = met()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await self.clock.sleep(LOOK_EVERY_S)
        raise AssertionError(f"not within {within_s} s")


@contextlib.asynccontextmanager
async def simulated_ward(
    folder: Path,
    scenarios: Mapping[str, str] | None = None,
    *,
    clock: Clock | None = None,
    rules: str = "default",
    devices: Collection[str] | Mapping[str, Collection[str] | Mapping[str, str]] = tuple(DEVICES),
) -> AsyncIterator[SimulatedWard]:
    """A running ward of beds that follow the scenarios; one calm bed by default.

    A scenario is the name of one that ships, or the path of a file; `devices` are those of each
    bed, or by bed, and there what each of them is, as `nonin` or `nonin:7`. The journal is
    `folder`/postdose.db, taken up again when it is there. Two hours are cheap without the
    oximeter, which speaks three times a second.
    """
    loop = asyncio.get_running_loop()
    clock = clock or Clock(source=loop.time)
    scenarios = scenarios or {"bed-1": "calm"}
    prefix = f"{id(loop):x}"
    kinds = {
        bed: of_bed if isinstance(of_bed, Mapping) else {n: (DEVICES | OTHERS)[n] for n in of_bed}
        for bed in scenarios
        for of_bed in [devices[bed] if isinstance(devices, Mapping) else devices]
    }
    specs = {
        bed: [
            DeviceSpec(name, kind.partition(":")[0], f"memory://{prefix}-{bed}-{name}")
            for name, kind in of_bed.items()
        ]
        for bed, of_bed in kinds.items()
    }
    if not (stored := folder / "postdose.db").exists():
        stored.write_bytes(_new_journal())
    journal = Journal.open(f"sqlite:///{folder}/postdose.db", clock=clock, inline=True)
    ward = Ward("test", specs, _load_rules(rules), _regimens(), journal, clock)
    await ward.restore()
    async with _http(ward) as http, asyncio.TaskGroup() as tasks:
        simulated = SimulatedWard(ward, http)
        simulated.timeline = Timeline()
        running = []
        for bed, scenario in scenarios.items():
            running += await _play(simulated, bed, scenario, specs[bed], kinds[bed], tasks)
        try:
            async with ward.run():
                yield simulated
        finally:
            for task in running:
                task.cancel()
            for server in simulated.devices.values():
                await server.close()
            await journal.close()


async def _play(
    simulated: SimulatedWard,
    bed: str,
    scenario: str,
    specs: list[DeviceSpec],
    kinds: Mapping[str, str],
    tasks: asyncio.TaskGroup,
) -> list[asyncio.Task[None]]:
    course = _load_scenario(scenario)
    patient = simulated.patients[bed] = course.patient(7, dose_at_s=None)
    running = []
    for number, spec in enumerate(specs):
        dialect = kinds[spec.id].partition(":")[2] or None
        faults = course.faults_for(spec.id)
        device = build(spec.driver, patient, dialect=dialect, seed=number, scripted=faults)
        line = MemoryLine(spec.url.removeprefix("memory://"))
        server = simulated.devices[bed, spec.id] = DeviceServer(device, line, simulated.timeline)
        await server.open()
        running.append(tasks.create_task(server.run()))
    return running
