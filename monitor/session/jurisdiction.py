"""Jurisdictions: what the law of a place makes of a regimen. Data in `jurisdictions/`, no branch.

A session is started by its regimen as the site's jurisdiction has it and keeps it so: whoever
reads or replays it needs to know of no jurisdiction.
"""

import tomllib
from collections.abc import Mapping
from importlib import resources
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from monitor.session.regimen import PredoseLimits, PressureFromAge, Regimen, Regimens

USUAL: Final = PredoseLimits()
"""The pressures of a regimen that has none of its own [label]."""


class PressureOfProduct(PressureFromAge):
    """The pressure over which a dose of a product needs a clearance, from an age on."""

    product: str


class Jurisdiction(BaseModel):
    """What holds in one place.

    `contraindications` are asked beside the regimen's own; `pressure` holds for regimens with the
    label's limits, since a site that set its own means those; `sends_form` says whether the
    monitoring form is sent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1)]
    title: str
    sends_form: bool
    contraindications: tuple[str, ...] = ()
    pressure: tuple[PressureOfProduct, ...] = ()

    def of(self, regimen: Regimen) -> Regimen:
        """The regimen as it holds there."""
        gate = regimen.gate
        asked = dict.fromkeys((*gate.contraindications, *self.contraindications))
        found: dict[str, object] = {"contraindications": (*asked,)}
        is_usual = (gate.sys_over, gate.dia_over) == (USUAL.sys_over, USUAL.dia_over)
        from_age = tuple(
            PressureFromAge.model_validate(each.model_dump(exclude={"product"}))
            for each in self.pressure
            if is_usual and each.product == regimen.product.lower() and not gate.pressure_from_age
        )
        if from_age:
            found |= {"pressure_from_age": from_age}
        of_place: dict[str, object] = {"jurisdiction": self.name, "sends_form": self.sends_form}
        of_place["gate"] = gate.model_copy(update=found)
        return regimen.model_copy(update=of_place)

    def of_all(self, regimens: Regimens) -> Regimens:
        """All regimens as they hold there."""
        return Regimens({name: self.of(each) for name, each in regimens.by_name.items()})


def jurisdictions() -> Mapping[str, Jurisdiction]:
    """Those that ship, by name."""
    folder = resources.files("monitor.session").joinpath("jurisdictions")
    files = sorted(
        (file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name
    )
    read = (tomllib.loads(file.read_text(encoding="utf-8")) for file in files)
    return {found.name: found for found in map(Jurisdiction.model_validate, read)}
