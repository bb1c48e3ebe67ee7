"""The devices there are: one line each in `DEVICES`, one module each beside this one."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from simulators.devices import nonin, suntech
from simulators.errors import SimulationError
from simulators.faults import Fault, Faults, Kind
from simulators.line import Device, SimulatedLine
from simulators.vitals import VitalsSource


@dataclass(frozen=True, slots=True)
class Model:
    """A device to build: its role at the bed, and for each dialect the faults it can show.

    The first dialect is the default. `make` takes source, faults, dialect and seed.
    """

    role: str
    dialects: dict[str, frozenset[Kind]]
    make: Callable[[VitalsSource, Faults, str, int], Device]


_NONIN = {"2": nonin.FAULTS, "7": nonin.FAULTS | {Kind.LOW_BATTERY}}

DEVICES: dict[str, Model] = {
    "nonin": Model("oximeter", _NONIN, nonin.Nonin),
    "suntech": Model("cuff", {"advantage": suntech.FAULTS}, suntech.SunTech),
}


def build(
    name: str,
    source: VitalsSource,
    *,
    dialect: str | None = None,
    seed: int = 0,
    scripted: Iterable[Fault] = (),
) -> SimulatedLine:
    """The device called `name` on `source`, with the faults its scenario writes for it.

    Raises `SimulationError` when there is no such device or dialect. Scripted faults that
    this device cannot show are left out; one injected later is refused.
    """
    model = find(name)
    dialect = dialect or next(iter(model.dialects))
    if dialect not in model.dialects:
        raise SimulationError(
            f"{name} has no dialect {dialect!r}: use one of {', '.join(model.dialects)}"
        )
    faults = Faults(source, scripted)
    device = model.make(source, faults, dialect, seed)
    return SimulatedLine(name, device, faults, model.dialects[dialect], seed)


def find(name: str) -> Model:
    """The model called `name`; `SimulationError` names the ones there are."""
    try:
        return DEVICES[name]
    except KeyError:
        raise SimulationError(
            f"no device is called {name!r}: use one of {', '.join(DEVICES)}"
        ) from None
