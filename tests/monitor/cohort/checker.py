"""What no session may show, found a second time from its raw events and the clock.

Nothing of `monitor` is used: times are seconds since the session began, the rows of the schedule
are typed from the specification. The rows are those of esketamine; of an infusion only what needs
no rows is judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

LEAVING: Final = ("pressure", "moaas", "cadss")
KINDS: Final = (*LEAVING, "resp")

MIN: Final = 60.0
TICK_S: Final = 30.0
TOLERANCE_S: Final = 5 * MIN
WINDOW_S: Final = 120 * MIN

ROWS_MIN: Final = {
    "pressure": (20, 40, 60, 90, 120),
    "moaas": (15, 30, 45, 60, 75, 90),
    "cadss": (40, 90),
    "resp": (40, 90),
}
WHILE_OVER_MIN: Final = 120
"""From then on CADSS is asked for while it is over 4 and over its baseline."""

EVERY_S: Final = 30 * MIN
"""Past the last row, and before the dose, each but the rate is asked for so often."""

CALM_RATE: Final = (12, 24)
REPEAT_S: Final = 15 * MIN
"""A rate that is not between these is counted again within so long."""

LONGEST_GAP_S: Final = {
    "pressure": 30 * MIN,
    "moaas": 30 * MIN,
    "cadss": 50 * MIN,
    "resp": 50 * MIN,
}
"""So far a row is from the one before; a further dose adds no more than the tolerance."""

LONGEST_S: Final = {"pressure": 30 * MIN, "moaas": 30 * MIN}
"""No two rows are further from each other, to the end."""

PHASES: Final = {
    "session.started": "baseline",
    "session.observing": "observing",
    "session.ready": "ready",
    "session.ready-withdrawn": "observing",
    "session.closed": "closed",
    "session.aborted": "aborted",
}

Row = tuple[float, float, float]
"""When it is due, and from when to when a record does it."""

Claim = tuple[str, float, str, float | None]
"""A row as the product says it stands: the kind, when it is due, how it stands, when done."""


@dataclass(frozen=True)
class Turn:
    """What came of one input; `claims` is the plan as shown then, where it was asked for."""

    at: float
    is_tick: bool
    events: Sequence[Any]
    claims: Sequence[Claim] | None = None


@dataclass
class Checker:
    """One session as it goes; `faults` is what should not have been."""

    is_infusion: bool
    faults: list[str] = field(default_factory=list)
    began: datetime | None = None
    given: list[float] = field(default_factory=list)
    infusion: list[float] = field(default_factory=list)
    turned: list[float] = field(default_factory=list)
    looks: dict[str, dict[str, tuple[float, float]]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    written: dict[str, int] = field(default_factory=dict)
    first: tuple[float, int] | None = None
    alarms: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(KINDS, False))
    phase: str = "none"
    before: dict[tuple[str, float], Claim] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)

    def take(self, turn: Turn) -> None:
        for event in turn.events:
            self._take(event, event.payload, turn.at)
        if turn.is_tick and self.began is not None and self.phase not in ("closed", "aborted"):
            self._watch(turn.at)
        if turn.claims is not None:
            self._judge(turn.claims, turn.at)

    # ── what happened ───────────────────────────────────────────────────────────────────

    def _take(self, event: Any, data: Any, now: float) -> None:
        if event.type == "session.started":
            self.began = event.at
        if self.began is None:
            return
        said = datetime.fromisoformat(data["at"]) if "at" in data else event.at
        at = (said - self.began).total_seconds()
        self.written[event.id] = len(self.written)
        if event.type in ("dose.given", "infusion.started"):
            self.first = min(self.first or (at, len(self.written)), (at, len(self.written)))
        match event.type:
            case "dose.given" | "infusion.started" | "infusion.ended":
                (self.given if event.type == "dose.given" else self.infusion).append(at)
                self.turned.append(at)
                self.phase = "dosing"
            case "infusion.paused" | "infusion.resumed":
                self.turned.append(at)
            case "pressure.measured":
                self.looks["pressure"][event.id] = at, data["sys"]
            case "observation.recorded" if data["resp"] is not None:
                self.looks["resp"][event.id] = at, data["resp"]
            case "score.recorded":
                self.looks[data["scale"]][event.id] = at, data["total"]
            case other if other in PHASES:
                self.phase = PHASES[other]
                if self.phase == "ready" or data.get("against_criteria", "") is None:
                    self._may_leave(self.phase, now)
            case other if other.startswith("alarm."):
                alarm = data["alarm"]
                if alarm["rule"] == "check.overdue":
                    self.alarms[alarm["device"]] = alarm["state"] != "ended"

    @property
    def administered(self) -> list[float]:
        """When each dose was given, or the infusion began and ended."""
        return sorted(self.infusion if self.is_infusion else self.given)

    def _in_order(self, kind: str) -> list[tuple[float, float]]:
        return sorted(self.looks[kind].values(), key=lambda look: look[0])

    def _fault(self, now: float, words: str) -> None:
        self.faults.append(f"at {now / MIN:.1f} min: {words}")

    # ── leaving ─────────────────────────────────────────────────────────────────────────

    def _may_leave(self, end: str, now: float, late_s: float = 0.0) -> None:
        if not self.administered or (self.is_infusion and len(self.infusion) < 2):
            self._fault(now, f"{end} before the last dose")
            return
        over = self.administered[-1] + WINDOW_S
        if now < over:
            self._fault(now, f"{end} before the window is over")
        for kind in LEAVING:
            fresh = [
                at for at, _ in self.looks[kind].values()
                if at >= over - 5 * MIN and now - at <= 15 * MIN + late_s
            ]  # fmt: skip
            if not fresh and not (kind == "cadss" and self._is_over_for_good()):
                self._fault(now, f"{end} without {kind}")

    def _is_over_for_good(self) -> bool:
        """A CADSS of 4 or less from +75 min on, and none since that was higher."""
        is_over = False
        for at, total in self._in_order("cadss"):
            is_over = total <= 4 and (is_over or at >= self.administered[-1] + 75 * MIN)
        return is_over

    # ── watching ────────────────────────────────────────────────────────────────────────

    def _watch(self, now: float) -> None:
        if self.phase == "ready":
            self._may_leave("still ready", now, TICK_S)
        for kind, longest_s in LONGEST_S.items():
            self._is_seen(kind, longest_s, now)
        if self.is_infusion:
            return
        for kind in KINDS:
            late = [due for due, state in self.rows(kind, now) if state == "overdue"]
            if self.administered:
                late = [max(due, min(self.administered) - TOLERANCE_S) for due in late]
            else:
                late = [due for due in late if due > 0]
            is_overdue = any(now > due + TOLERANCE_S + TICK_S for due in late)
            if is_overdue and not self.alarms[kind]:
                self._fault(now, f"{kind} is overdue and nobody is told")
            if self.alarms[kind] and not late:
                self._fault(now, f"{kind} is called overdue and is not")

    def _is_seen(self, kind: str, longest_s: float, now: float) -> None:
        """Whoever is not looked at for a gap and half of one is overdue, whatever the rows are."""
        if not self.administered:
            return
        seen = max([self.administered[0], *(at for at, _ in self.looks[kind].values())])
        is_long = now - seen > 1.5 * longest_s + TOLERANCE_S + TICK_S
        if is_long and not self.alarms[kind]:
            self._fault(now, f"{kind} not looked at for {(now - seen) / MIN:.0f} min, and no alarm")

    # ── the rows ────────────────────────────────────────────────────────────────────────

    def rows(self, kind: str, now: float) -> list[tuple[float, str]]:
        """Every row that is due by now, and how it stands."""
        rows = [*self._rows(kind, now)]
        stands = self._stand(kind, rows, now)
        if kind == "resp":
            low, high = CALM_RATE
            off = [at for at, rate in self._in_order(kind) if not low <= rate <= high]
            again = [
                (at + REPEAT_S, at + 0.001, at + 2 * REPEAT_S)
                for at in dict.fromkeys(off)
                if not any(at < since and due <= at + REPEAT_S for due, since, _ in rows)
            ]
            stands |= self._stand(kind, again, now)
        return sorted((round(due, 3), state) for due, state in stands.items() if due <= now)

    def _stand(self, kind: str, rows: list[Row], now: float) -> dict[float, str]:
        undone, stands = dict.fromkeys(row[0] for row in rows), dict[float, str]()
        for at, _ in self._in_order(kind):
            mine = next(
                (d for d, since, until in rows if d in undone and since <= at <= until), None
            )
            if mine is not None:
                stands[mine] = "done"
                del undone[mine]
            for due in [due for due in undone if due <= (at if mine is None else mine)]:
                stands[due] = "missed"
                del undone[due]
        for due in undone:
            stands[due] = "overdue" if now > due + TOLERANCE_S else "due"
        return stands

    def _rows(self, kind: str, now: float) -> Iterator[Row]:
        administered = self.administered
        yield 0.0, -TOLERANCE_S, self._baseline_until(kind, now)
        if not administered and kind == "resp":
            return
        if not administered:
            again = max([0.0, *(at for at, _ in self.looks[kind].values())]) + EVERY_S
            yield again, again - EVERY_S / 4, again + 15 * MIN
            return
        for at, since, following in self._due(kind, administered, now):
            half_after = (following - at) / 2
            yield at, at - (at - since) / 2, at + max(TOLERANCE_S, min(half_after, 15 * MIN))

    def _baseline_until(self, kind: str, now: float) -> float:
        """The last look before the dose; in the dose's own minute, of those written before it."""
        if self.first is None:
            return now
        before = [at for name, (at, _) in self.looks[kind].items() if self._is_before(name, at)]
        return max(before, default=float("-inf"))

    def _is_before(self, name: str, at: float) -> bool:
        """Whether that record is of before the dose; in its minute, by what was written first."""
        assert self.first is not None
        dosed, written = self.first
        return (at // MIN, self.written[name]) < (dosed // MIN, written)

    def _due(self, kind: str, administered: Sequence[float], now: float) -> Iterator[Row]:
        """When each row is due, where the gap before it begins, and that after it ends."""
        last = administered[0]
        for n, anchor in enumerate(administered):
            counted = [*self._counted(kind, anchor, now)]
            ends = [*administered[n + 1 : n + 2], float("inf")][0]
            if ends < float("inf"):
                seen = max([last, *(at for at in counted if at <= ends)])
                following = ends + ROWS_MIN[kind][0] * MIN
                if following - seen > LONGEST_GAP_S[kind] + TOLERANCE_S:
                    ends = following
            before = max(anchor, last) if n else anchor
            for at, after in zip(counted, [*counted[1:], counted[-1] + EVERY_S], strict=True):
                is_served = n and at == counted[0] and at - last < TOLERANCE_S  # by the one before
                if at <= ends and not is_served:
                    yield at, before, after
                    last = before = at

    def _counted(self, kind: str, anchor: float, now: float) -> Iterator[float]:
        for minute in ROWS_MIN[kind]:
            yield anchor + minute * MIN
        if kind == "resp":
            return
        at = anchor + (
            WHILE_OVER_MIN * MIN if kind == "cadss" else ROWS_MIN[kind][-1] * MIN + EVERY_S
        )
        while at <= now + 2 * EVERY_S:
            if kind != "cadss" or self._is_over(at - TOLERANCE_S):
                yield at
            at += EVERY_S

    def _is_over(self, at: float) -> bool:
        """Whether the last CADSS before then was over 4 and over its baseline, or is not known."""
        scores = sorted(self.looks["cadss"].items(), key=lambda item: item[1][0])
        baseline = [total for name, (when, total) in scores if self._is_before(name, when)]
        least = max([4.0, *baseline[-1:]])
        since = [t for name, (when, t) in scores if not self._is_before(name, when) and when < at]
        return not since or since[-1] > least

    # ── what the product says of the rows ───────────────────────────────────────────────

    def _judge(self, claims: Iterable[Claim], now: float) -> None:
        claims = [*claims]
        stand = {(kind, due): claim for claim in claims for kind, due in [claim[:2]]}
        if len(stand) < len(claims):
            self._fault(now, "a check is planned twice")
        for kind in KINDS:
            times = [at for at, _ in self.looks[kind].values()]
            done = [claim[3] for claim in claims if claim[0] == kind and claim[3] is not None]
            most = 2 if kind == "resp" else 1  # one that is planned, and one that a rate asked for
            for at in {*done}:
                if done.count(at) > most * times.count(at):
                    self._fault(now, f"{kind} at {at / MIN:.1f} did {done.count(at)} checks")
            if not self.is_infusion:
                claimed = [(c[1], c[2]) for c in claims if c[0] == kind and c[1] <= now]
                if claimed != (found := self.rows(kind, now)):
                    self._fault(now, f"{kind} stands {claimed}, not {found}")
        self._is_final(stand, now)

    def _is_final(self, stand: dict[tuple[str, float], Claim], now: float) -> None:
        """Done and missed stay so, unless something was charted late, of a time before."""
        charted = {kind: len(self.looks[kind]) for kind in KINDS}
        charted["doses"] = len(self.turned)
        for key, (kind, due, was, done) in self.before.items():
            about = due if done is None else max(due, done)
            if was not in ("done", "missed") or self._is_of_before(kind, about):
                continue
            is_now = stand[key][2] if key in stand else "gone"
            if is_now != was:
                self._fault(now, f"{kind} due at {due / MIN:.1f} was {was}, is {is_now}")
        self.before, self.known = stand, charted

    def _is_of_before(self, kind: str, about: float) -> bool:
        """Whether a record since is of about that time, or a dose of before it."""
        records = [at for at, _ in [*self.looks[kind].values()][self.known.get(kind, 0) :]]
        doses = self.turned[self.known.get("doses", 0) :]
        return any(at <= about + 15 * MIN for at in records) or any(at <= about for at in doses)
