"""Regimens: what is given, how long the patient is watched, and what is checked when.

A regimen is a TOML file. The shipped ones are in `monitor/regimens/`.
"""

import tomllib
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from drivers.readings import Vital


class CheckOf(StrEnum):
    """What the schedule asks for."""

    PRESSURE = "pressure"
    MOAAS = "moaas"
    CADSS = "cadss"


class RegimenError(ValueError):
    """A regimen that cannot be used; the message names the file, the key and the mend."""


Minutes = Annotated[float, Field(ge=0, le=1440)]


class Check(BaseModel):
    """When one thing is checked: at baseline, and so many minutes after an anchor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    of: CheckOf
    baseline: bool = False
    after_dose_min: tuple[Minutes, ...] = ()
    after_infusion_min: tuple[Minutes, ...] = ()


class Gate(BaseModel):
    """What a first dose waits for: a pressure so fresh, and none over these without a decision.

    [label's pre-dose guide, clinical.md]
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    pressure_fresh_min: Minutes = 30
    sys_over: float = 140
    dia_over: float = 90


class StartDose(BaseModel):
    """From an age on, the most that is given the first time."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    from_age: int
    most_mg: Annotated[float, Field(gt=0)]


class Discharge(BaseModel):
    """The limits for leaving [label, clinical default]."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    spo2_least: float = 94
    spo2_held_min: Minutes = 15
    severe_sys: float = 180
    severe_dia: float = 110
    sys_under: float = 160
    dia_under: float = 100
    above_baseline_mmhg: float = 20
    cadss_most: int = 4
    moaas_least: int = 5
    score_fresh_min: Minutes = 60


class Regimen(BaseModel):
    """One way of giving one product."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    product: str
    route: Literal["nasal", "intravenous", "intramuscular", "sublingual", "oral"]
    total_mg: Annotated[float, Field(gt=0)] | None = None
    mg_per_kg: Annotated[float, Field(gt=0)] | None = None
    device_mg: Annotated[float, Field(gt=0)] | None = None
    devices_apart_min: Minutes = 0
    infusion_min: Minutes | None = None
    window_min: Minutes
    continuous: tuple[Vital, ...] = ()
    check: tuple[Check, ...] = ()
    gate: Gate = Gate()
    start_dose: StartDose | None = None
    discharge: Discharge = Discharge()

    @model_validator(mode="after")
    def _has_one_dose(self) -> Self:
        if (self.total_mg is None) == (self.mg_per_kg is None):
            raise ValueError("give exactly one of total_mg and mg_per_kg")
        return self

    @property
    def is_infusion(self) -> bool:
        """Whether the product runs in over time."""
        return self.infusion_min is not None

    def planned_mg(self, weight_kg: float | None) -> float | None:
        """The whole dose in mg, None where it needs a weight that is not known."""
        if self.total_mg is not None:
            return self.total_mg
        assert self.mg_per_kg is not None
        return None if weight_kg is None else self.mg_per_kg * weight_kg


@dataclass(frozen=True, slots=True)
class Regimens:
    """The regimens that can be chosen, by name."""

    by_name: dict[str, Regimen]

    @classmethod
    def shipped(cls) -> "Regimens":
        """Those that come with Postdose."""
        folder = resources.files("monitor").joinpath("regimens")
        files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
        found = [parse(folder.joinpath(n).read_text(encoding="utf-8"), n) for n in files]
        return cls({regimen.name: regimen for regimen in found})

    def with_files(self, paths: list[Path]) -> "Regimens":
        """These and a site's own; one of the same name replaces ours. Raises `RegimenError`."""
        own = {}
        for path in paths:
            try:
                text = path.read_text(encoding="utf-8")
            except OSError as error:
                raise RegimenError(f"{path}: {error.strerror}; name a readable file") from error
            regimen = parse(text, str(path))
            own[regimen.name] = regimen
        return Regimens(self.by_name | own)


def parse(text: str, where: str) -> Regimen:
    """The regimen written in `text`; `where` names it in errors. Raises `RegimenError`."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
        return Regimen.model_validate(data)
    except tomllib.TOMLDecodeError as error:
        raise RegimenError(f"{where}: not TOML: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"]) or "regimen"
        raise RegimenError(f"{where}: {key}: {first['msg']}") from error
