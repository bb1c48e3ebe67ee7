"""A whole session over HTTP alone, from the pre-dose check to the signed discharge and its form."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.endtoend.processes import ran
from tests.endtoend.site import Site, simulated
from tests.patience import slowdown

SPEED = 300
CONTRAINDICATIONS = (
    "aneurysmal-disease",
    "av-malformation",
    "intracerebral-haemorrhage",
    "hypersensitivity",
)
MEDICINES = ("benzodiazepine", "sedative", "opioid", "stimulant", "mao-inhibitor")
FASTING = {"esketamine-84": {"food_2h": True, "liquid_30min": True, "nasal_1h": True}}

pytestmark = pytest.mark.slow

COURSE = {"cadss": ((80, 3), (30, 22), (0, 0)), "moaas": ((70, 5), (10, 4), (0, 5))}
"""What the patient scores, by the minutes since the first dose from which it is so."""


class Nurse:
    """Looks after the one session of a site, and knows nothing but what HTTP tells."""

    def __init__(self, clinic: Site, **session: Any) -> None:
        self.clinic = clinic
        body = {"bed": "bed-1", "patient": "P-017", "age": 44, "weight_kg": 71, **session}
        self.id = str(clinic.post("/sessions", **body)["id"])

    @property
    def session(self) -> Any:
        return self.clinic.get(f"/sessions/{self.id}")

    def does(self, what: str, **body: Any) -> Any:
        return self.clinic.post(f"/sessions/{self.id}/{what}", **body)

    def scores(self, minute: float) -> None:
        for scale, course in COURSE.items():
            total = next(total for since, total in course if minute >= since)
            self.does("scores", scale=scale, total=total)
        self.does("observations", resp=14)

    def prepares(self) -> None:
        self.does(
            "preparation",
            medicines={name: name == "benzodiazepine" for name in MEDICINES},
            escort_planned=True,
            contraindications=dict.fromkeys(CONTRAINDICATIONS, "no"),
            confirmed={"changed": False},
            suicidality="none",
            fasting=FASTING.get(self.session["regimen"]),
        )
        self.may_give()

    def may_give(self) -> None:
        """Score, and wait until the next administration has nothing to wait for."""
        self.scores(0)
        self.clinic.until(lambda: not self.unmet("gate"))

    def unmet(self, which: str) -> set[str]:
        return {c["name"] for c in self.session[which] if c["required"] and not c["met"]}

    def clears(self, scope: str, item: str, reason: str) -> None:
        self.does("clearances", scope=scope, items=[item], clinician="dr.b", reason=reason)

    def minute(self) -> float:
        status = self.clinic.get("/status")["now"]
        began = self.session["first_dose_at"]
        return float(_seconds(status) - _seconds(began)) / 60

    def waits(self, minutes: float) -> None:
        """Do what is due, and take the alarms, for so long."""
        end = self.minute() + minutes
        self.clinic.until(lambda: self.looks() and self.minute() >= end)

    def looks(self) -> Any:
        seen = self.session
        minute = self.minute()
        due = {check["check"] for check in seen["schedule"] if check["state"] == "due"}
        if due & {*COURSE, "resp"}:
            self.scores(minute)
        for alarm in self.clinic.get("/beds/bed-1")["alarms"]:
            if alarm["state"] == "latched" or not alarm["acknowledged"]:
                self.takes(alarm["id"])
        return seen

    def is_done(self) -> bool:
        """Whether the patient is ready and the last checks, due as the window ends, are done."""
        seen = self.looks()
        return seen["state"] == "ready" and all(c["state"] != "due" for c in seen["schedule"])

    def takes(self, alarm: str) -> None:
        """Acknowledge an alarm, unless it has just ended."""
        answer = self.clinic.ask(f"/alarms/{alarm}/acknowledge", note="seen")
        assert answer.status_code in (200, 409), answer.text

    def discharges(self) -> Any:
        self.does("escort")
        self.clinic.until(lambda: self.looks() and "window-over" not in self.unmet("criteria"))
        if "pressure-near-baseline" in self.unmet("criteria"):
            self.clears("leaving", "pressure-near-baseline", "well, and near her usual")
        return self.clinic.until(self.closes)

    def closes(self) -> Any:
        """The closed session; None where the last checks have grown old, which are done again."""
        if not self.is_done():
            return None
        answer = self.clinic.ask(f"/sessions/{self.id}/close", escort=True, suicidality="none")
        if answer.is_success:
            return answer.json()
        assert answer.status_code == 409, answer.text
        self.does("pressures", sys=124, dia=80)
        self.scores(self.minute())
        return None


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


def esketamine(nurse: Nurse) -> None:
    for device in range(3):
        if device:
            nurse.waits(5)
            nurse.may_give()
        nurse.does("doses", product="esketamine", mg=28, lot=f"A{device}")


def infusion(nurse: Nurse) -> None:
    nurse.does("infusion", action="start", lot="K7")
    nurse.waits(15)
    nurse.does("infusion", action="pause", reason="line kinked")
    nurse.waits(5)
    nurse.may_give()
    nurse.does("infusion", action="resume")
    nurse.waits(25)
    nurse.does("infusion", action="end")


@pytest.mark.parametrize(
    ("regimen", "scenario", "gives"),
    [("esketamine-84", "dissociation", esketamine), ("ketamine-iv", "calm", infusion)],
)
def test_a_session_from_its_gate_to_its_form_and_again(
    tmp_path: Path, regimen: str, scenario: str, gives: Any
) -> None:
    speed = SPEED / slowdown()
    options = ("--speed", f"{speed:g}", "--scenario", scenario)
    with (
        simulated("nonin", "--pty", str(tmp_path / "oximeter"), *options) as oximeter,
        simulated("suntech", "--pty", str(tmp_path / "cuff"), *options) as cuff,
    ):
        clinic = Site(tmp_path, None, oximeter, cuff)
        with clinic.daemon(speed) as daemon:
            nurse = Nurse(clinic, regimen=regimen)
            nurse.prepares()
            gives(nurse)
            nurse.does("symptoms", symptom="nausea", grade=1, note="water helped")
            closed = nurse.discharges()
            events = clinic.get(f"/events?session={nurse.id}&limit=500")["items"]
            due = clinic.get("/forms?state=due")["items"]
            nurse.does("form/confirm")
            nurse.does("form/fill", field="setting", value="outpatient")
            nurse.does("form/fill", field="intervention", value=False)
            nurse.does("form/fill", field="enrolled", value=True)
            form = clinic.get(f"/sessions/{nurse.id}/export?format=form")
            if regimen == "esketamine-84":
                nurse.does("form/sent")
            left = clinic.get("/forms?state=due")["items"]
            daemon.interrupt()
    assert (closed["state"], closed["against_criteria"]) == ("closed", None)
    assert closed["given_mg"] == (84 if regimen == "esketamine-84" else 35.5)
    assert closed["criteria_met_at"] is not None
    _every_check_is_done_or_reported(closed, events)
    has_form = regimen == "esketamine-84"
    assert ([item["session"] for item in due], left) == ([nurse.id] if has_form else [], [])
    _the_form_is_filled(form, closed)
    again = ran("replay", nurse.id, "--config", str(clinic.config))
    assert again.status == 0, again
    assert again.out.startswith("same")


def _the_form_is_filled(form: Any, closed: Any) -> None:
    assert (form["state"], form["missing"]) == ("complete", [])
    values = {field["name"]: field["value"] for field in form["fields"]}
    assert values["minutes_monitored"] >= 120
    assert values["medicines"]
    assert values["sedation"]
    assert values["dissociation"]
    for field in form["fields"]:
        assert field["sources"] or field["value"] in (None, [], {}), field
    confirmed = next(field for field in form["fields"] if field["name"] == "ready_at")
    assert closed["criteria_met_at"] in str(confirmed)


def _every_check_is_done_or_reported(closed: Any, events: list[Any]) -> None:
    reported = {
        event["payload"]["alarm"]["device"]
        for event in events
        if event["type"] == "alarm.raised" and event["payload"]["alarm"]["rule"] == "check.overdue"
    }
    assert len(closed["schedule"]) > 10
    for check in closed["schedule"]:
        assert check["state"] in ("done", "upcoming") or check["check"] in reported, check
