"""Scenarios: a patient and what goes wrong, read from TOML.

Times in a file are minutes after the dose, or after the start where there is no `[drug]`.
Every key is checked; a wrong one is refused with its file, its name and a correction.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from importlib.resources import files
from pathlib import Path
from typing import Any, TypeVar

from simulators.devices import ROLES, check_fault_name
from simulators.errors import SimulationError, suggest
from simulators.faults import Fault
from simulators.patient import Baseline, Drug, Episode, Noise, Patient, Profile

_SHIPPED = files("simulators") / "data" / "scenarios"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class RoleFault:
    """A scripted fault of the devices with this role, or of all when `device` is empty."""

    fault: Fault
    device: str


@dataclass(frozen=True, slots=True)
class Scenario:
    """One sequence of events. The dose comes `dose_at_s` after the start unless given before."""

    name: str
    description: str
    profile: Profile
    faults: tuple[RoleFault, ...]
    dose_at_s: float

    def patient(self, seed: int = 0, *, dose_at_s: float | None = None) -> Patient:
        """The patient of this scenario, dosed at `dose_at_s`, or when `dose` is called."""
        return Patient(self.profile, seed, dose_at_s=dose_at_s)

    def faults_for(self, role: str) -> list[Fault]:
        """The scripted faults of a device with this role, in seconds of the script."""
        return [each.fault for each in self.faults if each.device in ("", role)]


@dataclass(frozen=True, slots=True)
class _FaultRow:
    name: str
    from_min: float
    for_min: float
    device: str = ""


@dataclass(frozen=True, slots=True)
class _Head:
    description: str
    dose_at_s: float = 60.0


def scenarios() -> dict[str, str]:
    """Name and one-line description of each scenario that ships, in order of name."""
    names = sorted(item.name[: -len(".toml")] for item in _SHIPPED.iterdir())
    return {name: load_scenario(name).description for name in names}


def load_scenario(name_or_path: str | Path) -> Scenario:
    """The scenario that ships under this name, or the one in this file.

    Raises `SimulationError` when there is neither or the file is wrong.
    """
    path = Path(name_or_path)
    shipped = _SHIPPED / f"{name_or_path}.toml"
    if path.suffix != ".toml" and shipped.is_file():
        return parse_scenario(shipped.read_text(encoding="utf-8"), str(name_or_path))
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        if path.suffix == ".toml":
            raise SimulationError(f"{path}: cannot be read: {error}") from None
        raise SimulationError(
            f"no scenario is called {name_or_path}: use one of {', '.join(scenarios())}, "
            "or the path of a .toml file"
        ) from None
    return parse_scenario(text, str(path))


def parse_scenario(text: str, source: str) -> Scenario:
    """The scenario in TOML `text`, whose errors name `source`; raises `SimulationError`."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SimulationError(f"{source}: no valid TOML: {error}") from None
    tables = {"baseline", "drug", "noise", "episode", "fault"}
    scalars = {key: value for key, value in document.items() if key not in tables}
    head = _row(_Head, scalars, source, "", also=tables)
    episodes = _rows(Episode, document, "episode", source)
    for episode in episodes:
        _one_of(episode.signal, _names(Noise), source, "[[episode]] signal")
        if episode.ramp_min <= 0:
            raise SimulationError(f"{source}: [[episode]] ramp_min must be above 0")
    drug = _row(Drug, document["drug"], source, "[drug] ") if "drug" in document else None
    for name in ("peak_min", "pressure_shape", "mind_shape"):
        if drug is not None and getattr(drug, name) <= 0:
            raise SimulationError(f"{source}: [drug] {name} must be above 0")
    profile = Profile(
        baseline=_row(Baseline, document.get("baseline", {}), source, "[baseline] "),
        drug=drug,
        noise=_row(Noise, document.get("noise", {}), source, "[noise] "),
        episodes=episodes,
    )
    faults = tuple(_fault(row, source) for row in _rows(_FaultRow, document, "fault", source))
    return Scenario(Path(source).stem, head.description, profile, faults, head.dose_at_s)


def _fault(row: _FaultRow, source: str) -> RoleFault:
    if row.device:
        _one_of(row.device, ROLES, source, "[[fault]] device")
    try:
        check_fault_name(row.name)
    except SimulationError as error:
        raise SimulationError(f"{source}: [[fault]] {error}") from None
    return RoleFault(Fault(row.name, row.from_min * 60, row.for_min * 60), row.device)


def _names(cls: type[Any]) -> list[str]:
    return [field.name for field in fields(cls)]


def _one_of(value: str, known: Sequence[str], source: str, what: str) -> None:
    if value not in known:
        raise SimulationError(f"{source}: {what} {value!r} is not known: {suggest(value, known)}")


def _rows(cls: type[T], document: Mapping[str, Any], key: str, source: str) -> tuple[T, ...]:
    rows = document.get(key, [])
    if not isinstance(rows, list):
        raise SimulationError(f"{source}: {key} must be written as [[{key}]]")
    return tuple(_row(cls, row, source, f"[[{key}]] ") for row in rows)


def _row(cls: type[T], row: object, source: str, where: str, also: set[str] | None = None) -> T:
    """A `cls` from one table: every key known, every value of its field's type."""
    if not isinstance(row, dict):
        raise SimulationError(f"{source}: {where}must be a table")
    types = {field.name: field.type for field in fields(cls)}  # type: ignore[arg-type]
    values: dict[str, str | float] = {}
    for key, value in row.items():
        _one_of(key, [*types, *sorted(also or ())], source, f"{where}key")
        if types[key] is str and isinstance(value, str):
            values[key] = value
        elif types[key] is float and isinstance(value, int | float) and not isinstance(value, bool):
            values[key] = float(value)
        else:
            kind = "a text" if types[key] is str else "a number"
            raise SimulationError(f"{source}: {where}{key} must be {kind}, not {value!r}")
    needed = [field.name for field in fields(cls) if field.default is MISSING]  # type: ignore[arg-type]
    if missing := [name for name in needed if name not in values]:
        raise SimulationError(f"{source}: {where}needs {', '.join(missing)}")
    return cls(**values)
