"""A condition that a dose, or leaving, waits for. Plain data."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Annotated

from monitor.session.shown import Json, Shown, documented


@dataclass(frozen=True, slots=True)
class Criterion(Shown):
    """One condition for an administration, or for leaving."""

    name: Annotated[str, documented("Which condition.", "window-over")]
    met: Annotated[bool, documented("Whether it is met.", False)]
    why: Annotated[str, documented("Why it is met or not.", "47 min left")]
    required: Annotated[
        bool, documented("Whether things wait for it; else it is only asked for.", True)
    ] = True
    cleared_by: Annotated[
        str | None,
        documented("The clinician who decided that it need not be waited for.", "dr.b"),
    ] = None
    clearable: Annotated[bool, documented("Whether a clinician may clear it now.", False)] = field(
        default=False, compare=False
    )

    @property
    def stops(self) -> bool:
        """Whether what waits for it has to go on waiting."""
        return self.required and not self.met and self.cleared_by is None


def as_text(criteria: Iterable[Criterion]) -> str:
    """The criteria in one line, each with why it is met or not."""
    return "; ".join(f"{criterion.name} ({criterion.why})" for criterion in criteria)


FORMER_FIELDS = ("name", "met", "why")
KEPT_FIELDS = (*FORMER_FIELDS, "required", "cleared_by")


def as_json(criteria: Iterable[Criterion], *, edition: int) -> list[Json]:
    """The criteria as an event holds them; in sessions of an edition before 3, three fields."""
    names = FORMER_FIELDS if edition < 3 else KEPT_FIELDS
    found = (criterion.as_json() for criterion in criteria)
    return [{name: each[name] for name in names} for each in found]
