"""The rule set in force, as a person reads it and as a client can use it."""

from typing import Literal

from api.schemas.fields import described
from api.schemas.model import Response

Label = Literal["low", "medium", "high"]


class Rule(Response):
    """One rule: what raises an alarm, and what becomes of it."""

    id: str = described("Its name, as alarms have it in `rule`.", "spo2.low")
    kind: Literal["physiological", "technical", "advisory"] = described(
        "What it is about: the patient, a device or this program, an expected effect.",
        "physiological",
    )
    priority: Label = described("Of its alarms.", "medium")
    worsens_to: Label | None = described(
        "The priority after `worsens_after_s`; null where it stays.", "medium"
    )
    worsens_after_s: float | None = described("After how long it does so, in seconds.", 30)
    when: str = described("What raises it, in words.", "SpO2 < 93")
    after: str = described("For how long that holds before, in words.", "30 s")
    end: str = described("What ends it, in words.", "SpO2 ≥ 94 for 10 s")
    latching: bool = described("Whether it stays until a person has seen it.", True)
    text: str = described(
        "What an alarm says, with what is measured in its places.", "SpO2 {spo2} %"
    )
    guidance: str = described("What to do.", "Look at the patient and the sensor.")
    guidance_before_dose: str | None = described(
        "What to do before the first dose; null where that is the same.", "Repeat the measurement."
    )
    guidance_while_dosing: str | None = described(
        "What to do while the drug is being given; null where that is the same.",
        "Stop or hold the drug.",
    )
    source: str = described("Where the numbers come from.", "clinical.md")


class Escalation(Response):
    """Whom an alarm calls that nobody takes, and when one that was taken calls again."""

    levels: list[str] = described("One after the other.", ["nurse", "charge-nurse", "clinician"])
    high_after_s: float = described("How long each level has, at high priority, in seconds.", 60)
    medium_after_s: float = described("The same at medium priority, in seconds.", 180)
    high_again_after_s: float | None = described(
        "After how long one acknowledged and still there calls again, in seconds; null for never.",
        600,
    )
    medium_again_after_s: float | None = described("The same at medium priority, in seconds.", 1800)


class RuleSet(Response):
    """The rules by which every bed is judged, before limits of one patient."""

    name: str = described("Its name.", "default")
    version: str = described("Its version.", "3")
    hash: str = described("SHA-256 of its file, as sessions hold it.", "9f86d081884c7d65")
    escalation: Escalation = described("Whom alarms call.")
    rules: list[Rule] = described("In the order of the file.")
