"""The devices there are: one line each in `_MODULES`, one module each beside this one."""

from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final

from simulators.device_model import DeviceModel
from simulators.errors import SimulationError, suggest
from simulators.faults import Fault, Faults, StuckSource
from simulators.line import LINE_FAULTS, SimulatedLine
from simulators.vitals import VitalsSource

__all__ = ["DEVICES", "ROLES", "build", "check_fault_name", "fault_names", "find"]

_MODULES = (
    "nonin",
    "suntech",
    "cms50",
    "masimo",
    "nellcor",
    "un300c",
    "berry",
    "datex-s5",
    "intellivue",
)

DEVICES: Final[Mapping[str, DeviceModel]] = {
    name: import_module(f"{__name__}.{name.replace('-', '_')}").MODEL for name in _MODULES
}
"""Each device's `MODEL` by its name: that of its module, with hyphens."""

ROLES: Final = tuple(dict.fromkeys(model.role for model in DEVICES.values()))
"""Places at the bed, as devices declare them."""


def build(
    name: str,
    source: VitalsSource,
    *,
    dialect: str | None = None,
    seed: int = 0,
    scripted: Iterable[Fault] = (),
) -> SimulatedLine:
    """The device called `name` measuring `source`, with the faults its scenario writes for it.

    Raises `SimulationError` when there is no such device or dialect. Scripted faults that
    this device cannot show are left out; one injected later is refused.
    """
    model = find(name)
    dialect = dialect or next(iter(model.dialects))
    if dialect not in model.dialects:
        raise SimulationError(
            f"{name} has no dialect {dialect!r}: use one of {', '.join(model.dialects)}"
        )
    declared = model.dialects[dialect].faults
    known = [fault for fault in scripted if fault.name in {*declared, *LINE_FAULTS}]
    faults = Faults(source, known)
    device = model.make(StuckSource(source, faults), faults, dialect, seed)
    return SimulatedLine(name, device, faults, declared, seed)


def find(name: str) -> DeviceModel:
    """The model called `name`; `SimulationError` names the ones there are."""
    try:
        return DEVICES[name]
    except KeyError:
        raise SimulationError(
            f"no device is called {name!r}: use one of {', '.join(DEVICES)}"
        ) from None


def fault_names() -> tuple[str, ...]:
    """Every fault that a device declares, in their order, then those of every line."""
    declared = (
        fault
        for model in DEVICES.values()
        for dialect in model.dialects.values()
        for fault in dialect.faults
    )
    return tuple(dict.fromkeys([*declared, *LINE_FAULTS]))


def check_fault_name(name: str) -> None:
    """Raise `SimulationError` when no device can show a fault of this name."""
    known = fault_names()
    if name not in known:
        raise SimulationError(f"no fault is called {name!r}: {suggest(name, known)}")
