"""What a running device is told, a line each, and what it answers.

    set spo2=85 pulse=120       these stay so; `none` is a value that nobody knows
    unset spo2                  follows the patient again; without a name everything does
    fault garble:0.2 stall@5    from now on, and in five seconds
    clear garble                ends what was commanded by this name
    dose                        the patient is given the dose now
    vitals                      what the patient has now

Every line is answered by one in JSON: what was done, or `{"error": …}` and nothing was.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from simulators.device_server import DeviceServer
from simulators.errors import SimulationError, suggest
from simulators.faults import parse_fault
from simulators.patient import Patient
from simulators.settable import SettableSource

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CommandedDevice:
    """A running device and the source that it measures."""

    server: DeviceServer
    source: SettableSource

    async def obey_lines(
        self, lines: asyncio.StreamReader, reply: Callable[[Answer], None]
    ) -> None:
        """Do what each of `lines` says and reply, until they end; then the device goes on."""
        while line := await lines.readline():
            try:
                reply(self.obey(line.decode(errors="replace")))
            except SimulationError as error:
                reply({"error": str(error)})

    def obey(self, line: str) -> Answer:
        """Do what `line` says; raises `SimulationError` when it cannot be done."""
        verb, *words = line.split() or [""]
        if verb not in VERBS:
            raise SimulationError(f"no command is called {verb!r}: {suggest(verb, [*VERBS])}")
        return {verb: VERBS[verb](self, words)}

    def _set(self, words: list[str]) -> Any:
        values = dict(_value(word) for word in words)
        if not values:
            raise SimulationError("nothing to set: write SIGNAL=VALUE, as spo2=85")
        self.source.set(values)
        return values

    def _unset(self, words: list[str]) -> Any:
        self.source.unset(words)
        return words

    def _fault(self, words: list[str]) -> Any:
        faults = [parse_fault(word) for word in words]
        self._check([fault.name for fault in faults])
        for fault in faults:
            self.server.inject_fault(replace(fault, at_s=self.server.now_s() + fault.at_s))
        return words

    def _clear(self, words: list[str]) -> Any:
        self._check(words)
        for word in words:
            self.server.clear_fault(word)
        return words

    def _check(self, names: list[str]) -> None:
        if not names:
            raise SimulationError("no fault is named: write one, as fault finger-off")
        for name in names:
            self.server.line.check_fault(name)

    def _dose(self, words: list[str]) -> Any:
        if not isinstance(self.source.source, Patient):
            raise SimulationError("a recording is not given a dose: leave --record out")
        self.source.source.dose(self.server.now_s())
        return True

    def _vitals(self, words: list[str]) -> Any:
        return asdict(self.source.at(self.server.now_s()))


VERBS: Mapping[str, Callable[[CommandedDevice, list[str]], Any]] = {
    "set": CommandedDevice._set,
    "unset": CommandedDevice._unset,
    "fault": CommandedDevice._fault,
    "clear": CommandedDevice._clear,
    "dose": CommandedDevice._dose,
    "vitals": CommandedDevice._vitals,
}
"""What each command does with its words."""


def _value(word: str) -> tuple[str, float | None]:
    name, _, text = word.partition("=")
    try:
        return name, None if text == "none" else float(text)
    except ValueError:
        raise SimulationError(
            f"{word!r} cannot be read: write SIGNAL=VALUE, as spo2=85 or spo2=none"
        ) from None
