"""Beds as the API describes them, in the states that a ward goes through.

Times are minutes (or seconds) before now, so that a test reads like a chart.
"""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, pairwise
from typing import Any, Self

from drivers.clock import rfc3339

Json = dict[str, Any]

CRITERIA = {
    "window-over": "47 min left",
    "pressure-not-severe": "last two 151/94, 140/88",
    "pressure-near-baseline": "151/94, +23 from baseline",
    "spo2": "97 %",
    "cadss": "22",
    "moaas": "4",
    "no-respiratory-depression": "none open",
    "no-alarm": "none open",
    "no-check-overdue": "none overdue",
    "escort": "ask and confirm",
}
PLAN_MIN = {
    "pressure": (20, 40, 60, 90, 120),
    "moaas": (15, 30, 45, 60, 75, 90, 120),
    "cadss": (40, 90),
}
TOLERANCE_MIN = 5
WINDOW_MIN = 120
OXIMETER = {"id": "oximeter", "driver": "nonin", "title": "Oximeter", "model": "Nonin 3150"}
CUFF = {"id": "cuff", "driver": "suntech", "title": "Cuff", "model": "SunTech Advantage"}

_alarm_ids = count(1)


@dataclass(frozen=True, slots=True)
class BedAt:
    """One bed, seen at `now`; each method gives another bed."""

    id: str
    now: datetime
    vitals: Json = field(default_factory=dict)
    devices: tuple[Json, ...] = (
        {**OXIMETER, "link": "up", "silent": False, "reason": None},
        {**CUFF, "link": "up", "silent": False, "reason": None},
    )
    session: Json | None = None
    alarms: tuple[Json, ...] = ()
    trend: tuple[Json, ...] = ()
    cuff: Json | None = None
    history: tuple[Json, ...] | None = None
    audio: Json = field(default_factory=lambda: {"paused_until": None, "by": None})

    def ago(self, minutes: float) -> str:
        """The instant `minutes` before now."""
        return rfc3339(self.now - timedelta(minutes=minutes))

    def reads(self, vital: str, value: float | None, *, at_min: float = 0, **more: Any) -> Self:
        """A vital with its latest value."""
        device = "cuff" if vital in {"sys", "dia", "map"} else "oximeter"
        reading = {
            "value": value,
            "unit": {"spo2": "%", "pulse": "/min"}.get(vital, "mm[Hg]"),
            "at": self.ago(at_min),
            "age_s": at_min * 60,
            "quality": "good",
            "stale": False,
            "reason": None,
            "missing_since": None,
            "device": device,
        }
        return replace(self, vitals={**self.vitals, vital: {**reading, **more}})

    def well(self, spo2: int, pulse: int, pressure: tuple[int, int], pressure_min: float) -> Self:
        """All vitals present; the pressure was taken `pressure_min` ago."""
        sys, dia = pressure
        bed = self.reads("spo2", spo2).reads("pulse", pulse)
        return bed.reads("sys", sys, at_min=pressure_min).reads("dia", dia, at_min=pressure_min)

    def without_finger(self, since_s: float) -> Self:
        """The oximeter has had no finger for `since_s` seconds."""
        gone: Json = {
            "at_min": since_s / 60,
            "quality": "rejected",
            "reason": "no finger",
            "missing_since": self.ago(since_s / 60),
        }
        return self.reads("spo2", None, **gone).reads("pulse", None, **gone)

    def link_down(self, device: str, reason: str) -> Self:
        """A device that cannot be reached."""
        devices = tuple(
            {**one, "link": "down", "reason": reason} if one["id"] == device else one
            for one in self.devices
        )
        return replace(self, devices=devices)

    def dosed(
        self,
        minutes: float,
        patient: str,
        *,
        title: str = "Esketamine 84 mg",
        doses: int = 3,
        by: str = "M. Rossi",
        late: tuple[str, ...] = (),
    ) -> Self:
        """A session whose last dose was `minutes` ago; the checks of `late` were left out."""
        first = minutes + (doses - 1) * 5
        taken = [
            {
                "product": "esketamine",
                "mg": 28,
                "lot": "A123",
                "by": by,
                "at": self.ago(first - n * 5),
            }
            for n in range(doses)
        ]
        session = {
            "id": f"session-{self.id}",
            "bed": self.id,
            "patient": patient,
            "regimen": "esketamine-84",
            "title": title,
            "by": by,
            "nurse": by,
            "handing_to": None,
            "state": "observing",
            "started_at": self.ago(first + 12),
            "first_dose_at": taken[0]["at"],
            "last_dose_at": taken[-1]["at"],
            "window_ends_at": self.ago(minutes - WINDOW_MIN),
            "infusion": None,
            "doses": taken,
            "scores": [],
            "symptoms": [],
            "observations": [],
            "dosing_stopped": None,
            "attendance": [],
            "alarm_path": dict.fromkeys(
                ("proved_at", "station", "by", "testing_since", "why_not"), None
            )
            | {"sounded": False},
            "pressures": [],
            "patient_limits": [],
            "news2": None,
            "gate": [],
            "baseline": {},
            "ready": False,
            "criteria": [
                {
                    "name": name,
                    "met": name in {"no-alarm", "spo2"},
                    "why": why,
                    "required": True,
                    "cleared_by": None,
                    "clearable": False,
                }
                for name, why in CRITERIA.items()
            ],
            "discharge_text": "No driving for 24 h and until after a restful sleep.",
            "schedule": self._schedule(minutes, late),
        }
        return replace(self, session=session)

    def _schedule(self, minutes: float, late: tuple[str, ...]) -> list[Json]:
        plan: list[Json] = [
            {
                "check": check,
                "due_at": self.ago(minutes - at),
                "state": _state(minutes - at, left_out=f"{check}+{at}" in late),
            }
            for check, times in PLAN_MIN.items()
            for at in times
        ]
        return sorted(plan, key=lambda check: check["due_at"])

    def infused(self, minutes: float, patient: str, *, by: str = "J. Klein") -> Self:
        """A session with an infusion that has run for `minutes`."""
        bed = self.dosed(minutes, patient, title="Ketamine IV 35 mg", doses=1, by=by)
        assert bed.session is not None
        started = self.ago(minutes)
        session = bed.session | {
            "regimen": "ketamine-iv",
            "state": "dosing",
            "last_dose_at": None,
            "doses": [],
            "window_ends_at": self.ago(minutes - WINDOW_MIN - 40),
            "infusion": {
                "started_at": started,
                "ended_at": None,
                "running": True,
                "planned_min": 40,
            },
        }
        return replace(bed, session=session)

    def before_dose(self, patient: str) -> Self:
        """A session in its baseline phase."""
        bed = self.dosed(0, patient)
        assert bed.session is not None
        nothing = dict.fromkeys(("first_dose_at", "last_dose_at", "window_ends_at"))
        checks = [
            {"check": check, "due_at": bed.session["started_at"], "state": "due"}
            for check in PLAN_MIN
        ]
        session = bed.session | {"state": "baseline", "doses": [], "schedule": checks} | nothing
        return replace(bed, session=session)

    def ready(self) -> Self:
        """Everything met."""
        assert self.session is not None
        met = [{**criterion, "met": True} for criterion in self.session["criteria"]]
        session = {**self.session, "state": "ready", "ready": True, "criteria": met}
        return replace(self, session=session)

    def scored(self, **totals: int) -> Self:
        """Scores of now."""
        assert self.session is not None
        scores = [
            {"scale": scale, "total": total, "by": "M. Rossi", "at": self.ago(2)}
            for scale, total in totals.items()
        ]
        return replace(self, session={**self.session, "scores": self.session["scores"] + scores})

    def measured(self, *pressures: tuple[float, int, int]) -> Self:
        """Pressures as (minutes ago, systolic, diastolic); the first is the baseline."""
        assert self.session is not None
        taken = [
            {
                "sys": sys,
                "dia": dia,
                "map": None,
                "pulse": None,
                "at": self.ago(at),
                "device": "cuff",
            }
            for at, sys, dia in pressures
        ]
        baseline = {"sys": taken[0]["sys"], "dia": taken[0]["dia"]}
        session = {**self.session, "pressures": taken, "baseline": baseline}
        return replace(self, session=session)

    def trending(self, *values: tuple[float, float | None]) -> Self:
        """SpO2 as (minutes ago, value), straight in between; None is a gap until the next."""
        points: list[Json] = []
        for (start, low), (end, high) in pairwise(values):
            if low is None:
                continue
            steps = max(1, int((start - end) * 3))
            for n in range(steps):
                level = low if high is None else low + (high - low) * n / steps
                wobble = (n * 7 % 5) * 0.2
                at = self.ago(start - (start - end) * n / steps)
                points.append({"at": at, "min": level - wobble, "max": level + 0.4})
        return replace(self, trend=tuple(points))

    def alarming(
        self,
        rule: str,
        text: str,
        *,
        priority: str = "medium",
        kind: str = "physiological",
        since_min: float = 1,
        guidance: str = "Look at the patient.",
        **more: Any,
    ) -> Self:
        """An alarm raised `since_min` ago."""
        alarm = {
            "id": f"alarm-{next(_alarm_ids)}",
            "bed": self.id,
            "session": self.session and self.session["id"],
            "rule": rule,
            "kind": kind,
            "priority": priority,
            "state": "active",
            "acknowledged": False,
            "acknowledged_by": None,
            "acknowledged_at": None,
            "note": None,
            "escalated": False,
            "escalation_level": 1,
            "recipients": ["nurse"],
            "notified_at": self.ago(since_min),
            "rules_without_data": [],
            "unverified_since": None,
            "raised_at": self.ago(since_min),
            "condition_ended_at": None,
            "ended_at": None,
            "count": 1,
            "text": text,
            "values": {},
            "guidance": guidance,
        }
        return replace(self, alarms=(*self.alarms, {**alarm, **more}))

    def quieted(self, left_s: float, by: str = "M. Rossi") -> Self:
        """The bed's sound is paused for so long."""
        return replace(self, audio={"paused_until": self.ago(-left_s / 60), "by": by})

    def with_history(self, *changes: Json) -> Self:
        """The patient has been here before: a calm session for each of `changes`, changed so."""
        visits = [
            {
                "session": f"visit-{number}",
                "number": number,
                "on": f"2026-01-{number:02}",
                "title": "Esketamine 84 mg",
                "state": "closed",
                "given_mg": 84.0,
                "rise": {"sys": 22.0, "at_min": 41},
                "cadss": {"most": 12, "over_min": 75},
                "moaas": 4,
                "ready_min": 121,
                "ended_min": 130,
                "alarms": [],
                "needed": [],
            }
            for number in range(1, len(changes) + 1)
        ]
        history = tuple(visit | change for visit, change in zip(visits, changes, strict=True))
        return replace(self, history=history)

    def as_json(self) -> Json:
        """The bed as `GET /beds/{bed}` shows it."""
        return {
            "id": self.id,
            "devices": list(self.devices),
            "vitals": self.vitals,
            "session": self.session,
            "alarms": [alarm for alarm in self.alarms if alarm["state"] != "ended"],
            "alarms_120min": len(self.alarms),
            "name": None,
            "cuff": self.cuff,
            "audio": self.audio,
            "simulated": False,
            "failing": None,
            "history": None if self.history is None else list(self.history),
        }


def _state(late_by_min: float, *, left_out: bool) -> str:
    if late_by_min < 0:
        return "upcoming"
    if not left_out:
        return "done"
    return "overdue" if late_by_min > TOLERANCE_MIN else "due"


def six_beds(now: datetime) -> list[BedAt]:
    """A ward with one bed in each state that matters."""
    low, high, blind, late, done, calm = (BedAt(f"bed-{n}", now) for n in (4, 1, 6, 2, 3, 5))
    return [
        low.well(85, 118, (151, 94), 4)
        .dosed(33, "P-031", late=("moaas+30",))
        .scored(cadss=31, moaas=3)
        .measured((45, 128, 82), (13, 144, 90), (4, 151, 94))
        .trending((43, 97), (6, 97), (0.2, 85))
        .alarming(
            "spo2.very-low",
            "SpO2 85 %: under 88 for 10 s",
            priority="high",
            since_min=0.66,
            guidance="Open the airway, give oxygen, call for help.",
        )
        .alarming("check.overdue", "MOAA/S due 3 min ago", priority="low", since_min=3)
        .alarming(
            "dissociation.marked", "CADSS 31: marked dissociation", since_min=2,
            guidance="Stay with the patient, speak calmly, score again in 15 min.",
        ),
        high.well(97, 88, (172, 104), 2)
        .dosed(42, "P-017", title="Esketamine 56 mg", doses=2)
        .scored(cadss=22, moaas=4)
        .measured((55, 126, 80), (22, 150, 92), (7, 168, 101), (2, 172, 104))
        .trending((47, 97), (20, 96), (18, None), (14, 98), (0.2, 97))
        .alarming(
            "pressure.rise",
            "Pressure 172/104: up 46/24 from baseline",
            since_min=6,
            guidance="Repeat in 5 min. Ask for headache, chest pain, breathlessness, vision.",
            acknowledged=True,
            acknowledged_by="M. Rossi",
            acknowledged_at=high.ago(1),
        ),
        blind.without_finger(42)
        .reads("sys", 138, at_min=3)
        .reads("dia", 86, at_min=3)
        .infused(22, "P-044")
        .scored(cadss=18, moaas=4)
        .measured((30, 123, 78), (22, 125, 80), (12, 131, 84), (3, 138, 86))
        .trending((22, 98), (0.7, 97), (0.6, None))
        .alarming(
            "tech.sensor-off",
            "Oximeter: no finger. SpO2 and pulse rules are blind",
            kind="technical",
            since_min=0.2,
            guidance="Put the sensor back on the finger.",
        )
        .alarming(
            "spo2.low",
            "SpO2 91 %: under 93 for 30 s",
            since_min=4,
            guidance="Check the sensor, wake the patient, ask for deep breaths.",
            unverified_since=blind.ago(0.7),
            acknowledged=True,
            acknowledged_by="J. Klein",
            acknowledged_at=blind.ago(2),
        ),
        late.well(98, 74, (131, 84), 3)
        .dosed(97, "P-025", by="J. Klein", late=("cadss+90",))
        .scored(cadss=3, moaas=5)
        .measured((115, 125, 80), (77, 140, 88), (57, 146, 90), (37, 138, 86), (3, 131, 84))
        .trending((107, 97), (50, 96), (0.2, 98))
        .alarming(
            "check.overdue", "CADSS due 7 min ago", priority="low", since_min=2,
            guidance="Score the patient now.",
        ),
        done.well(99, 68, (126, 80), 5)
        .dosed(121, "P-009")
        .scored(cadss=0, moaas=5)
        .measured((143, 124, 79), (101, 136, 85), (81, 141, 88), (61, 134, 84), (5, 126, 80))
        .trending((131, 98), (80, 97), (0.2, 99))
        .ready(),
        calm.well(98, 81, (124, 78), 29)
        .dosed(12, "P-052", title="Esketamine 56 mg", doses=2, by="J. Klein")
        .scored(cadss=0, moaas=5)
        .measured((29, 124, 78))
        .trending((17, 98), (0.2, 98)),
    ]  # fmt: skip
