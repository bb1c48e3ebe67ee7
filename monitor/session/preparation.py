"""What was asked of a patient before the dose, as it stands. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from typing import Annotated, Any, Final, Self

from drivers.clock import rfc3339
from monitor.session.record_fields import PreparationFields
from monitor.session.shown import Shown, documented


@dataclass(frozen=True, slots=True)
class Preparation(PreparationFields, Shown):
    """What was asked before the dose; null is what was not."""

    medicine_classes: Annotated[
        Mapping[str, bool] | None,
        documented(
            "Whether the patient takes medicines of each class that was asked for.",
            {"benzodiazepine": False, "opioid": True},
        ),
    ] = None
    confirmed: Annotated[
        Mapping[str, Any] | None,
        documented(
            "By whom and when all of this was gone through, and whether anything had changed.",
            {"by": "nurse.a", "at": "2026-01-05T08:40:00.000Z", "changed": False},
        ),
    ] = None

    def with_answers(self, data: Mapping[str, Any], at: datetime) -> Self:
        """With the answers of `data`; what it does not answer stays as it is."""
        answers: dict[str, Any] = {}
        for name in (each.name for each in fields(self)):
            answer, before = data.get(name), getattr(self, name)
            if answer is None:
                continue
            if name == "confirmed":
                answer = {"by": data["by"], "at": rfc3339(at), **answer}
            elif isinstance(answer, Mapping):
                answer = {**(before or {}), **answer}
            answers[name] = tuple(answer) if isinstance(answer, list) else answer
        return replace(self, **answers)


NOTHING_ASKED: Final = Preparation()
