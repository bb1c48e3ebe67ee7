"""Regimens: what is given, how long the patient is watched, what is checked when, what counts.

A regimen is a TOML file. The shipped ones are in `monitor/regimens/`. What a file leaves
out has the default of its model here.
"""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import resources
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alerts.rules import KeyPath, explain_errors, locate, suggest
from drivers.readings import Vital


class CheckKind(StrEnum):
    """What the schedule asks for."""

    PRESSURE = "pressure"
    MOAAS = "moaas"
    CADSS = "cadss"
    RESP = "resp"


class RegimenError(ValueError):
    """A regimen that cannot be used; the message names the file, the line, the key, the mend."""


Minutes = Annotated[float, Field(ge=0, le=1440, strict=True)]
Some = Annotated[float, Field(gt=0, strict=True, allow_inf_nan=False)]

Route = Literal["nasal", "intravenous", "intramuscular", "sublingual", "oral"]

MOST_MG_PER_KG: Final[Mapping[str, float]] = {
    "intravenous": 2,
    "intramuscular": 2,
    "nasal": 4,
    "sublingual": 7,
    "oral": 10,
}
"""More than this is a slip: four times the usual 0.5 mg/kg into a vein, and as much more by
the other routes as less of it arrives [default]."""

STREAMED: Final = (Vital.SPO2, Vital.PULSE, Vital.PERFUSION, Vital.RESP)
"""What can be watched all the time; a pressure is measured now and then."""

MEASURED: Final[Mapping[tuple[str, str], tuple[float, float]]] = {
    ("gate", "pressure_fresh_min"): (1, 120),
    ("gate", "sys_over"): (60, 250),
    ("gate", "dia_over"): (30, 150),
    ("gate", "sys_least"): (50, 120),
    ("gate", "spo2_least"): (50, 100),
    ("gate", "score_fresh_min"): (1, 240),
    ("discharge", "spo2_least"): (50, 100),
    ("discharge", "severe_sys"): (60, 250),
    ("discharge", "severe_dia"): (30, 150),
    ("discharge", "sys_under"): (60, 250),
    ("discharge", "dia_under"): (30, 150),
    ("discharge", "above_baseline_mmhg"): (1, 100),
    ("discharge", "score_fresh_min"): (1, 240),
}
"""Between what a limit is meant: in %, mmHg and minutes. What lies outside is in another unit,
or a slip [default]."""

EDITION: Final = 3
"""The edition of the session's logic that is used for new sessions: see `Regimen.edition`."""

LATE_MOST_MIN: Final = 15
"""How late a record still does a check, where a file does not say [clinical default]."""

_NOW: Final = {
    "edition": EDITION,
    "check_late_most_min": LATE_MOST_MIN,
    "pressure_ages_by_rhythm": True,
}
"""What a file has that does not say it, and what was stored before has not."""

HEAVY_KG: Final = 100
"""Whose weight a dose in mg is held against, by the same bounds [default]."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PlannedChecks(_Table):
    """When one thing is checked: at baseline, and so many minutes after an anchor.

    `after_dose_min` counts from the last administration, or in minutes in which an infusion
    ran; `in_infusion_every_min` from an infusion's start until it ends; `after_infusion_min`
    from its end, or its planned end while it runs. Past the last of these, and before the dose
    past the last record, it is due every `then_every_min` until the session ends. `at_discharge`
    asks for it once more before the patient leaves. `only_if_over` asks for a score only if the
    last one before it is over this and over its baseline; one that nobody knows is asked for.

    A respiratory rate of `repeat_at_most` or less, or `repeat_at_least` or more, in /min, asks for
    another within `repeat_within_min` [NEWS2, clinical default].
    """

    of: CheckKind
    baseline: bool = False
    after_dose_min: tuple[Minutes, ...] = ()
    in_infusion_every_min: Annotated[float, Field(ge=1, le=1440)] | None = None
    after_infusion_min: tuple[Minutes, ...] = ()
    then_every_min: Annotated[float, Field(ge=1, le=1440)] | None = None
    at_discharge: bool = False
    only_if_over: float | None = None
    repeat_within_min: Annotated[float, Field(ge=6, le=60)] | None = None
    repeat_at_most: Some | None = None
    repeat_at_least: Some | None = None

    def asks_again(self, resp: float) -> bool:
        """Whether that respiratory rate, in /min, asks for another."""
        least, most = self.repeat_at_least, self.repeat_at_most
        is_off = (most is not None and resp <= most) or (least is not None and resp >= least)
        return self.repeat_within_min is not None and is_off


class PressureFromAge(_Table):
    """The pressure over which a clearance is needed from an age on, in mmHg."""

    from_age: Annotated[int, Field(ge=0, le=130)]
    sys_over: Some
    dia_over: Some


class PredoseLimits(_Table):
    """What an administration waits for, in mmHg, %, points and years [label, clinical default].

    Not over `sys_over`/`dia_over`, and systolic over `sys_least`, by a pressure no older than
    `pressure_fresh_min`; scores no older than `score_fresh_min`. A clinician's clearance holds
    for `clearance_min`; none opens the gate while an alarm of a `closed_while` rule is active.
    `contraindications` and `cautions` are asked by name, `fasting` by what was kept to.
    `pressure_from_age` stands in the place of `sys_over`/`dia_over` for who is so old.
    """

    pressure_fresh_min: Minutes = 30
    sys_over: Some = 140
    dia_over: Some = 90
    pressure_from_age: tuple[PressureFromAge, ...] = ()
    sys_least: Some = 90
    spo2_least: Annotated[float, Field(gt=0, le=100, strict=True)] = 93
    moaas_least: Annotated[int, Field(ge=0, le=5)] = 5
    score_fresh_min: Minutes = 30
    age_least: Annotated[int, Field(ge=0, le=130)] = 18
    clearance_min: Minutes = 30
    contraindications: tuple[str, ...] = (
        "aneurysmal-disease",
        "av-malformation",
        "intracerebral-haemorrhage",
        "hypersensitivity",
    )
    cautions: tuple[str, ...] = (
        "pregnancy",
        "liver-disease",
        "psychosis",
        "substance-use",
        "respiratory-disease",
        "hypertensive-encephalopathy",
    )
    fasting: tuple[str, ...] = ()
    closed_while: tuple[str, ...] = (
        "pressure.severe",
        "pressure.crisis",
        "event.serious",
        "sedation.unresponsive",
        "spo2.very-low",
        "resp.very-low",
    )

    def pressure_over(self, age: int | None) -> tuple[float, float]:
        """Over which systolic or diastolic a patient of that age needs a clearance."""
        reached = [each for each in self.pressure_from_age if (age or 0) >= each.from_age]
        of = max(reached, key=lambda each: each.from_age, default=self)
        return of.sys_over, of.dia_over


class StartDose(_Table):
    """From an age on, the most that is given the first time."""

    from_age: Annotated[int, Field(ge=0, le=130)]
    most_mg: Some


class DischargeLimits(_Table):
    """The limits for leaving, in %, mmHg and points [label, clinical default].

    A discharge check counts that was made at most `check_before_end_min` before the window's
    end and is no older than `check_fresh_min`; for dissociation one of `cadss_most` or less
    from `cadss_serves_from_min` after the last administration on, if none since was higher.

    SpO2 is judged by the last `spo2_held_min`: no stretch of `spo2_under_most_s` under
    `spo2_least`, and seen for `spo2_seen_min` of them.
    """

    spo2_least: Annotated[float, Field(gt=0, le=100, strict=True)] = 94
    spo2_held_min: Minutes = 15
    spo2_seen_min: Minutes = 10
    spo2_under_most_s: Annotated[float, Field(ge=0, le=600)] = 30
    severe_sys: Some = 180
    severe_dia: Some = 110
    sys_under: Some = 160
    dia_under: Some = 100
    above_baseline_mmhg: Some = 20
    sys_over: Some = 90
    cadss_most: Annotated[int, Field(ge=0, le=92)] = 4
    moaas_least: Annotated[int, Field(ge=0, le=5)] = 5
    score_fresh_min: Minutes = 60
    check_before_end_min: Minutes = 5
    check_fresh_min: Minutes = 15
    cadss_serves_from_min: Minutes = 75

    @property
    def spo2_seen_least_min(self) -> float:
        """For so long SpO2 has to be seen of the minutes it is judged by: at most for all."""
        return min(self.spo2_seen_min, self.spo2_held_min)


class CoursePhase(_Table):
    """A part of a course: from its first week to its last, or from its only one on.

    Sessions are so many a week, or one in as many weeks as one of `every_weeks` says.
    """

    name: str
    weeks: Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1, max_length=2)]
    sessions_per_week: Annotated[int, Field(ge=1, le=7)] | None = None
    every_weeks: tuple[Annotated[int, Field(ge=1)], ...] = ()

    @model_validator(mode="after")
    def _says_how_often(self) -> Self:
        if (self.sessions_per_week is None) != bool(self.every_weeks):
            raise ValueError("give exactly one of sessions_per_week and every_weeks")
        if self.weeks[-1] < self.weeks[0]:
            raise ValueError("weeks goes backwards")
        return self

    @property
    def last_week(self) -> int | None:
        """Its last week; None when it goes on."""
        return self.weeks[1] if len(self.weeks) == 2 else None


class CourseSchedule(_Table):
    """What is asked over a patient's sessions: the indication, the response, the long term.

    `reassess_after` names the phase at whose end the indication is reassessed [label];
    `prompt_every_days` says how often each long-term question comes up [default].
    """

    reassess_after: str | None = None
    reassess_every_days: Annotated[int, Field(ge=1)] = 90
    response_scales: tuple[str, ...] = ("phq-9", "madrs")
    prompt_every_days: Mapping[str, Annotated[int, Field(ge=1)]] = {
        "urinary": 90,
        "cognition": 90,
        "misuse": 30,
    }


class Regimen(_Table):
    """One way of giving one product.

    `check_late_most_min` is how long after its due time a record still does a check; None in
    sessions recorded before checks could be missed. With `pressure_ages_by_rhythm` a pressure
    is stale by how often one is due; without, as in earlier sessions, after 40 min.

    `edition` is of the session's logic, not of the regimen: a session is decided, also when it
    is replayed, by the logic that it was recorded with. From 3 on the pre-dose criteria judge
    values, before every administration, and clearances name what they open.

    `jurisdiction` is where the session was started, and `sends_form` whether the monitoring form
    is sent there: not for files, but of the site (`monitor.session.jurisdiction`).
    """

    edition: Annotated[int, Field(ge=1, le=EDITION)] = 1
    name: str
    title: str
    product: str
    route: Route
    jurisdiction: str = "us"
    sends_form: bool = True
    total_mg: Some | None = None
    mg_per_kg: Some | None = None
    device_mg: Some | None = None
    devices_apart_min: Minutes = 0
    infusion_min: Minutes | None = None
    window_min: Minutes
    continuous: tuple[Vital, ...] = ()
    gate: PredoseLimits = PredoseLimits()
    start_dose: StartDose | None = None
    discharge: DischargeLimits = DischargeLimits()
    check_late_most_min: Annotated[float, Field(ge=5, le=60)] | None = None
    pressure_ages_by_rhythm: bool = False
    check: tuple[PlannedChecks, ...] = ()
    phase: tuple[CoursePhase, ...] = ()
    course: CourseSchedule = CourseSchedule()

    @model_validator(mode="after")
    def _has_one_dose(self) -> Self:
        if (self.total_mg is None) == (self.mg_per_kg is None):
            raise ValueError("give exactly one of total_mg and mg_per_kg")
        return self

    def as_given(self) -> dict[str, Any]:
        """The regimen as plain JSON data, with the keys that it was read with and no others.

        So a session that was recorded before a key existed is replayed without it.
        """
        return self.model_dump(mode="json", exclude_unset=True)

    @property
    def checks_can_be_missed(self) -> bool:
        """Whether a check can be missed, and leaving has checks of its own.

        False in sessions recorded before that: they keep the schedule they had.
        """
        return self.check_late_most_min is not None

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

    def phase_in(self, week: int) -> CoursePhase | None:
        """The phase of a course that its week belongs to, counted from 1."""
        return next(
            (p for p in self.phase if p.weeks[0] <= week <= (p.last_week or week)),
            None,
        )


@dataclass(frozen=True, slots=True)
class Regimens:
    """The regimens that can be chosen, by name."""

    by_name: dict[str, Regimen]

    @classmethod
    def shipped(cls) -> "Regimens":
        """Those that come with Postdose."""
        folder = resources.files("monitor.session").joinpath("regimens")
        files = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
        found = [parse(folder.joinpath(n).read_text(encoding="utf-8"), n) for n in files]
        return cls({regimen.name: regimen for regimen in found})

    def with_files(self, paths: list[Path]) -> "Regimens":
        """These and a site's own; one of the same name replaces ours. Raises `RegimenError`."""
        own: dict[str, Regimen] = {}
        of: dict[str, Path] = {}
        for path in paths:
            try:
                text = path.read_text(encoding="utf-8-sig")
            except (OSError, UnicodeDecodeError) as error:
                reason = error.strerror if isinstance(error, OSError) else "is not UTF-8 text"
                raise RegimenError(f"{path}: {reason}; name a readable file") from error
            regimen = parse(text, str(path))
            if regimen.name in own:
                there = f"{of[regimen.name]} has a regimen {regimen.name} as well"
                raise RegimenError(f"{path}: {there}; rename one")
            own[regimen.name] = regimen
            of[regimen.name] = path
        return Regimens(self.by_name | own)


def parse(text: str, where: str) -> Regimen:
    """The regimen written in `text`; `where` names it in errors. Raises `RegimenError`."""
    try:
        data: dict[str, Any] = tomllib.loads(text)
        regimen = Regimen.model_validate({**_NOW, **data})
    except tomllib.TOMLDecodeError as error:
        raise RegimenError(f"{where}: not TOML: {error}") from error
    except ValidationError as error:
        raise RegimenError(explain_errors(Regimen, where, text, error)) from error
    for place, says in _slips(regimen):
        raise RegimenError(f"{locate(where, text, place)}: {says}")
    return Regimen.model_validate(regimen.model_dump())


def _slips(of: Regimen) -> Iterator[tuple[KeyPath, str]]:
    """What can be read and cannot be meant: refused in a file, not in what is stored."""
    for key in ("name", "product"):
        if not getattr(of, key).strip():
            yield (key,), "says nothing; give it a name"
    yield from _in_the_dose(of)
    yield from _in_the_limits(of)
    yield from _in_the_plan(of)
    yield from _in_the_course(of)


def _in_the_dose(of: Regimen) -> Iterator[tuple[KeyPath, str]]:
    most = MOST_MG_PER_KG[of.route]
    if of.total_mg is not None and of.total_mg > most * HEAVY_KG:
        yield ("total_mg",), f"{of.total_mg:g} mg is over {most * HEAVY_KG:g}, the most {of.route}"
    if of.mg_per_kg is not None and of.mg_per_kg > most:
        yield ("mg_per_kg",), f"{of.mg_per_kg:g} mg/kg is over {most:g}, the most {of.route}"
    if of.device_mg is not None and not _is_made(of.total_mg, of.device_mg):
        yield ("device_mg",), f"devices of {of.device_mg:g} mg do not make the total_mg"
    start = of.start_dose
    if start is not None and of.device_mg is not None and not _is_made(start.most_mg, of.device_mg):
        place = ("start_dose", "most_mg")
        yield place, f"devices of {of.device_mg:g} mg do not make {start.most_mg:g} mg"
    if of.infusion_min is not None and of.route != "intravenous":
        yield ("infusion_min",), 'an infusion runs into a vein: route = "intravenous", or remove it'
    for key in ("window_min", "infusion_min"):
        if getattr(of, key) == 0:
            yield (key,), "is no time; give minutes over 0"


def _is_made(mg: float | None, device_mg: float) -> bool:
    """Whether whole devices give that much."""
    return mg is not None and math.isclose(mg / device_mg, round(mg / device_mg), rel_tol=1e-9)


def _in_the_limits(of: Regimen) -> Iterator[tuple[KeyPath, str]]:
    for place, (least, most) in MEASURED.items():
        value = getattr(getattr(of, place[0]), place[1])
        if not least <= value <= most:
            yield place, f"{value:g} cannot be meant; give {least:g} to {most:g}"
    for vital in of.continuous:
        if vital not in STREAMED:
            yield ("continuous",), f"{vital} is not streamed; it can be {', '.join(STREAMED)}"


def _in_the_plan(of: Regimen) -> Iterator[tuple[KeyPath, str]]:
    for n, check in enumerate(of.check):
        for key in ("in_infusion_every_min", "after_infusion_min"):
            if getattr(check, key) and not of.is_infusion:
                yield ("check", n, key), "counts an infusion; give infusion_min, or after_dose_min"
        if check.only_if_over is not None and check.of in (CheckKind.PRESSURE, CheckKind.RESP):
            yield ("check", n, "only_if_over"), "is for scores; remove it"
        if check.repeat_within_min is not None and check.of is not CheckKind.RESP:
            yield ("check", n, "repeat_within_min"), "is for resp; remove it"
        until = of.window_min if of.infusion_min is None else of.infusion_min
        if max(check.after_dose_min, default=0) > until:
            mend = "give what comes later as after_infusion_min" if of.is_infusion else "remove it"
            what = "infusion" if of.is_infusion else "window"
            yield ("check", n, "after_dose_min"), f"goes beyond the {what} of {until:g} min; {mend}"
        if max(check.after_infusion_min, default=0) > of.window_min:
            beyond = f"goes beyond the window of {of.window_min:g} min; remove it"
            yield ("check", n, "after_infusion_min"), beyond
        if not any(getattr(check, key) for key in _WHEN):
            yield ("check", n, "of"), f"says no time; give one of {', '.join(_WHEN)}"


_WHEN: Final = (
    "baseline",
    "after_dose_min",
    "in_infusion_every_min",
    "after_infusion_min",
    "then_every_min",
    "at_discharge",
)


def _in_the_course(of: Regimen) -> Iterator[tuple[KeyPath, str]]:
    if of.phase and of.phase[0].weeks[0] != 1:
        yield ("phase", 0, "weeks"), "a course begins in week 1"
    for n, (before, after) in enumerate(pairwise(of.phase), start=1):
        if before.last_week is None or after.weeks[0] != before.last_week + 1:
            yield ("phase", n, "weeks"), f"does not begin where {before.name} ends"
    names = [phase.name for phase in of.phase]
    for n, name in enumerate(names):
        if name in names[:n]:
            yield ("phase", n, "name"), f"there is a phase {name} already"
    if of.course.reassess_after not in (None, *names):
        place = ("course", "reassess_after")
        yield (
            place,
            f"{of.course.reassess_after} is no phase; {suggest(of.course.reassess_after, names)}",
        )
