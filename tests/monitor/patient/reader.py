"""The monitoring form's answers, read a second time from a session's raw events.

Nothing of `monitor` is used: times are seconds since the session's start, the schedule is that
of the model (`tests.model`), and what is true of SpO2 is found reading by reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from tests.model.model import Model, Visit

Answer = bool | None
"""Yes, no, or not assessed."""

Sample = tuple[float, float]
"""When SpO2 was read, and what it was."""

LAST_MIN: Final = {"moaas": 90, "cadss": 120}
"""When after the last dose the last check of the regimen is."""

OF_PRESSURE: Final = ("pressure-not-severe", "pressure-near-baseline")
OF_SPO2: Final = ("spo2", "no-respiratory-depression")


@dataclass
class Reader:
    """A session as its raw events tell it; `samples` are the readings of SpO2."""

    events: Sequence[Any]
    samples: Sequence[Sample]
    visit: Visit = field(init=False)
    ended: float | None = None
    closed: Any = None
    lows: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    clearances: list[tuple[float, float]] = field(default_factory=list)
    medicines: Any = None
    classes: dict[str, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        started = self.events[0]
        self.began: datetime = started.at
        second = self.began.second + self.began.microsecond / 1e6
        self.visit = Visit("s", started.payload["regimen"]["name"], 0.0, second)
        for event in self.events:
            self._take(event, event.payload)
        self.now = self.s(self.events[-1].at) if self.ended is None else self.ended
        first = self.first
        self.samples = [s for s in self.samples if first is not None and first <= s[0] <= self.now]

    def s(self, at: datetime) -> float:
        return (at - self.began).total_seconds()

    def _take(self, event: Any, data: Any) -> None:
        at = self.s(datetime.fromisoformat(data["at"]) if "at" in data else event.at)
        visit, id_ = self.visit, event.id
        kept: list[dict[str, Any]] = [visit.doses, visit.pressures, visit.scores]
        for records in (*kept, visit.observations):
            records.pop(data.get("corrects") or data.get("record") or "", None)
        if (was := data.get("corrects")) is not None:
            visit.correct(was, id_)
        visit.write(id_)
        self._take_record(event.type, id_, at, data)
        match event.type:
            case "session.aborted" if not data.get("patient_left", True):
                pass
            case "session.closed" | "session.aborted" | "patient.left":
                self.ended = at
                self.closed = data if event.type == "session.closed" else None
            case "session.reopened":
                self.ended = self.closed = None
            case "clearance.recorded":
                self.clearances.append((data["sys"], data["dia"]))
            case "session.corrected":
                visit.regimen = data["now"].get("regimen", visit.regimen)
            case "session.started" | "preparation.recorded":
                is_told = data["medicines"] is not None
                self.medicines = data["medicines"] if is_told else self.medicines
                self.classes |= data.get("medicine_classes") or {}
            case other if other.startswith("infusion."):
                self._take_infusion(other.removeprefix("infusion."), at)
            case other if other.startswith("alarm."):
                self._take_alarm(data["alarm"], self.s(event.at))

    def _take_record(self, type_: str, id_: str, at: float, data: Any) -> None:
        match type_:
            case "dose.given":
                self.visit.doses[id_] = (at, data["mg"])
            case "pressure.measured":
                self.visit.pressures[id_] = (at, data["sys"], data["dia"])
            case "score.recorded":
                self.visit.scores[id_] = (at, data["scale"], data["total"])
            case "observation.recorded":
                self.visit.observations[id_] = (at, data)

    def _take_infusion(self, turn: str, at: float) -> None:
        visit = self.visit
        if turn == "started":
            visit.write("start")
            visit.started = at
        elif turn == "paused":
            visit.paused.append((at, None))
        elif visit.paused and visit.paused[-1][1] is None:
            if turn == "resumed":
                visit.write(f"resume {len(visit.paused)}")
            visit.paused[-1] = (visit.paused[-1][0], at)
        visit.ended = at if turn == "ended" else None

    def _take_alarm(self, alarm: Any, at: float) -> None:
        if alarm["rule"] in ("spo2.low", "spo2.very-low"):
            raised, _ = self.lows.get(alarm["id"], (at, None))
            self.lows[alarm["id"]] = (raised, None if alarm["condition_ended_at"] is None else at)

    @property
    def first(self) -> float | None:
        if self.visit.started is not None:
            return self.visit.started
        return min((at for at, _ in self.visit.doses.values()), default=None)

    @property
    def last(self) -> float | None:
        if self.visit.started is not None:
            return self.visit.ended
        return max((at for at, _ in self.visit.doses.values()), default=None)

    # ── what was scored ─────────────────────────────────────────────────────────────────

    def scored(self, kind: str) -> Answer:
        """Whether sedation (moaas) or dissociation (cadss) was there."""
        totals = [total for _, scale, total in self.visit.parted("scores")[1] if scale == kind]
        if any(total < 5 if kind == "moaas" else total > 4 for total in totals):
            return True
        return None if not totals or self._none_made(kind) else False

    def unmade(self, kind: str) -> list[int]:
        """How many minutes after the first dose those checks were due that nobody made."""
        first = self.first
        assert first is not None
        due = (at for at, state in self._checks(kind) if state in ("missed", "overdue"))
        return [int(round(at - first, 3) // 60) for at in due]

    def _checks(self, kind: str) -> list[tuple[float, str]]:
        first = self.first
        assert first is not None
        if self.visit.started is not None:
            self.visit.doses.clear()
        model = Model(0.0)
        model.visit = self.visit
        return [(at, st) for of, at, st in model.schedule(self.now) if of == kind and at > first]

    def _none_made(self, kind: str) -> bool:
        until = float("inf") if self.last is None else self.last + 60 * LAST_MIN[kind]
        checks = self._checks(kind)
        made = [at for at, state in checks if state == "done" and at <= until]
        return not made and any(state in ("missed", "overdue") for _, state in checks)

    # ── breathing ───────────────────────────────────────────────────────────────────────

    def depressed(self) -> tuple[Answer, bool]:
        """Whether breathing was depressed, and whether that was over."""
        first = self.first
        assert first is not None
        signs = [
            raised for raised, over in self.lows.values()
            if raised >= first or over is None or over > first
        ]  # fmt: skip
        is_active = any(over is None for _, over in self.lows.values())
        slow_at = safe_at = off_at = None
        usual: float | None = 0.0
        is_more = False
        after = self.visit.parted("observations")[1]
        for at, seen in self.visit.in_order("observations"):
            rate, oxygen = seen.get("resp"), seen.get("oxygen")
            is_after = any(seen is other for _, other in after)
            if is_after and rate is not None and rate <= 8:
                slow_at, safe_at = at, None
                signs.append(at)
            elif slow_at is not None and safe_at is None and at > slow_at and (rate or 0) >= 12:
                safe_at = at
            if oxygen is None:
                continue
            flow = seen.get("oxygen_flow") if oxygen else 0.0
            if not is_after:
                usual = usual if flow is None and usual else flow
                continue
            was_more = is_more
            if flow is not None:
                is_more = flow > (usual or 0)
            elif usual == 0:
                is_more = True
            if is_more and not was_more:
                off_at = None
                signs.append(at)
            elif was_more and not is_more:
                off_at = at
        if not signs:
            return (False if self.samples else None), False
        if is_active or (slow_at is not None and safe_at is None) or is_more:
            return True, False
        since = max([*signs, *([] if off_at is None else [off_at])])
        return True, self._recovers(since)

    def _recovers(self, since: float) -> bool:
        at = since + 900
        while at <= self.now:
            if self._has_recovered(at):
                return True
            at += 60
        return False

    def _has_recovered(self, now: float) -> bool:
        """Live, seen for 10 of the last 15 minutes, and not 30 s on end under 94."""
        if not any(now - 60 <= at <= now for at, _ in self.samples):
            return False
        seen_s = under_s = 0.0
        for (at, value), (following, _) in zip(self.samples, self.samples[1:], strict=False):
            lasts_s = min(following, now) - max(at, now - 900)
            if lasts_s <= 0:
                continue
            seen_s += lasts_s if following - at <= 60 else 0
            under_s = under_s + lasts_s if value < 94 else 0.0
            if under_s >= 30:
                return False
        return seen_s >= 600

    # ── vital signs ─────────────────────────────────────────────────────────────────────

    def acceptable_before(self) -> Answer:
        first = self.first
        assert first is not None
        since = first - (600 if self.visit.regimen == "ketamine-iv" else 1800)
        fresh = [p for p in self.visit.parted("pressures")[0] if since <= p[0]]
        if any(
            low[0] <= first and (low[1] is None or low[1] > first) for low in self.lows.values()
        ):
            return False
        if fresh:
            _, sys, dia = fresh[-1]
            decided = any(sys <= of_sys and dia <= of_dia for of_sys, of_dia in self.clearances)
            if sys <= 90 or ((sys > 140 or dia > 90) and not decided):
                return False
        is_seen = bool(self.samples) and self.samples[0][0] <= first + 60
        return True if fresh and is_seen else None

    def acceptable_after(self) -> Answer:
        if self.closed is None:
            return None
        pressures = self.visit.parted("pressures")[1]
        unknown: tuple[str, ...] = ()
        if not pressures or self.now - pressures[-1][0] > 900:
            unknown += OF_PRESSURE
        if not self.samples or self.now - self.samples[-1][0] > 60:
            unknown += OF_SPO2
        asked = (*OF_PRESSURE, *OF_SPO2, "no-alarm")
        criteria = self.closed["criteria"]
        unmet = [c["name"] for c in criteria if not (c["met"] or c.get("cleared_by"))]
        if any(name in asked and name not in unknown for name in unmet):
            return False
        return None if unknown else True

    def takes(self, name: str) -> Answer:
        """Whether the patient takes medicines of that class."""
        if self.medicines == [] and True not in self.classes.values():
            return False
        return self.classes.get(name)
