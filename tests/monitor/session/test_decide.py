"""What a nurse asks for: what comes of it, and what is refused with nothing changed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.alarm.lifecycle import State
from drivers.readings import CuffPhase, CuffState
from monitor.bed.inputs import Tick
from monitor.session.commands import (
    Acknowledge,
    AddNote,
    Close,
    Command,
    ConfirmEscort,
    ControlInfusion,
    GiveDose,
    InfusionAction,
    MeasurePressure,
    RecordScore,
    Refusal,
    Refused,
    StartSession,
)
from monitor.session.session import SPILL, Phase
from tests.monitor.builders import OVERRIDE, OXIMETER, REGIMENS, START, Bedside, bed

START_IV, PAUSE, RESUME, END = InfusionAction
ESKETAMINE, IV = REGIMENS["esketamine-84"], REGIMENS["ketamine-iv"]


def occupied() -> Bedside:
    return bed().wait(2).with_session().wait(40)


def infused() -> Bedside:
    return bed().wait(2).with_session("ketamine-iv").wait(40)


def start(**fields: Any) -> StartSession:
    command = StartSession("s-2", "P-018", 44, 71.0, ESKETAMINE, (), "nurse.a")
    return replace(command, **fields)


def dose(product: str = "esketamine", mg: float = 28, at: Any = None) -> GiveDose:
    return GiveDose(product, mg, "nurse.a", at, lot="A123")


def score(scale: str, total: int | None, items: dict[str, int] | None = None) -> RecordScore:
    return RecordScore(scale, total, items, "nurse.a")


ITEMS = dict.fromkeys(map(str, range(1, 24)), 1)
LATER = START.plus(3600).wall
REFUSED: list[tuple[str, Callable[[], Bedside], Command, Refusal, str]] = [
    ("occupied bed", occupied, start(), Refusal.CONFLICT, "occupied by P-017"),
    ("no weight", bed, start(regimen=IV, weight_kg=None), Refusal.INVALID, "doses by weight"),
    ("no weight at all", bed, start(weight_kg=0.0), Refusal.INVALID, "more than 0 kg"),
    ("weight unknown", bed, start(weight_kg=float("nan")), Refusal.INVALID, "more than 0 kg"),
    ("endless weight", bed, start(weight_kg=float("inf")), Refusal.INVALID, "more than 0 kg"),
    ("no session", bed, dose(), Refusal.CONFLICT, "no open session"),
    ("closed session", lambda: occupied().aborted(), dose(), Refusal.CONFLICT, "no open session"),
    ("wrong product", occupied, dose("ketamine"), Refusal.INVALID, "gives esketamine"),
    ("no dose", occupied, dose(mg=0), Refusal.INVALID, "more than 0 mg"),
    ("negative dose", occupied, dose(mg=-28), Refusal.INVALID, "more than 0 mg"),
    ("unreal dose", occupied, dose(mg=float("nan")), Refusal.INVALID, "more than 0 mg"),
    ("endless dose", occupied, dose(mg=float("inf")), Refusal.INVALID, "more than 0 mg"),
    ("over the regimen", occupied, dose(mg=85), Refusal.CONFLICT, "over regimen esketamine-84"),
    (
        "over the regimen in all",
        lambda: occupied().dosed(56),
        dose(mg=56),
        Refusal.CONFLICT,
        "56 mg of 84 mg are given",
    ),
    ("over the weight's dose", infused, dose("ketamine", 36), Refusal.CONFLICT, "of 35.5 mg"),
    ("future dose", occupied, dose(at=LATER), Refusal.INVALID, "has not come yet"),
    (
        "dose before the session",
        occupied,
        dose(at=START.plus(-1).wall),
        Refusal.INVALID,
        "before the session",
    ),
    (
        "dose before the last",
        lambda: occupied().dosed(28),
        dose(at=START.plus(10).wall),
        Refusal.INVALID,
        "before the dose already recorded",
    ),
    ("unknown scale", occupied, score("phq9", 3), Refusal.INVALID, "scale is one of"),
    ("cadss over", occupied, score("cadss", 93), Refusal.INVALID, "from 0 to 92"),
    ("cadss under", occupied, score("cadss", -1), Refusal.INVALID, "from 0 to 92"),
    ("moaas over", occupied, score("moaas", 6), Refusal.INVALID, "from 0 to 5"),
    ("moaas under", occupied, score("moaas", -1), Refusal.INVALID, "from 0 to 5"),
    ("no score", occupied, score("cadss", None), Refusal.INVALID, "total or items"),
    ("items of moaas", occupied, score("moaas", None, {"1": 1}), Refusal.INVALID, "has no items"),
    ("item 24", occupied, score("cadss", None, {"24": 1}), Refusal.INVALID, "item 24"),
    ("item 0", occupied, score("cadss", None, {"0": 1}), Refusal.INVALID, "item 0"),
    ("item of 5", occupied, score("cadss", None, ITEMS | {"3": 5}), Refusal.INVALID, "item 3"),
    ("item of -1", occupied, score("cadss", None, ITEMS | {"3": -1}), Refusal.INVALID, "item 3"),
    (
        "two items",
        occupied,
        score("cadss", None, ITEMS | {"3": 5, "7": 9}),
        Refusal.INVALID,
        "item 3",
    ),
    ("items missing", occupied, score("cadss", None, {"1": 1}), Refusal.INVALID, "22 of 23"),
    ("items add up", occupied, score("cadss", 22, ITEMS), Refusal.INVALID, "the items make 23"),
    (
        "infusion of a spray",
        occupied,
        ControlInfusion(START_IV, "n"),
        Refusal.CONFLICT,
        "no infusion",
    ),
    (
        "infusion started twice",
        lambda: infused().infusion(START_IV),
        ControlInfusion(START_IV, "n"),
        Refusal.CONFLICT,
        "the infusion is running: pause or end",
    ),
    (
        "infusion ended twice",
        lambda: infused().infusion(START_IV).wait(5).infusion(END),
        ControlInfusion(END, "n"),
        Refusal.CONFLICT,
        "the infusion is ended: nothing more",
    ),
    (
        "infusion ended before its pause",
        lambda: infused().infusion(START_IV).wait(60).infusion(PAUSE),
        ControlInfusion(END, "n", START.plus(59).wall),
        Refusal.INVALID,
        "already paused",
    ),
    ("close at once", occupied, Close("n", True), Refusal.CONFLICT, "not ready to leave"),
    (
        "close without a reason",
        occupied,
        Close("n", True, "dr.b"),
        Refusal.CONFLICT,
        "clinician and reason",
    ),
    (
        "close without a clinician",
        occupied,
        Close("n", True, None, "in a hurry"),
        Refusal.CONFLICT,
        "clinician and reason",
    ),
    ("unknown alarm", occupied, Acknowledge("nothing", "n"), Refusal.UNKNOWN, "no alarm nothing"),
    ("no cuff", lambda: bed(OXIMETER), MeasurePressure("n"), Refusal.CONFLICT, "no cuff"),
    (
        "cuff not connected",
        lambda: occupied().unplugged("cuff"),
        MeasurePressure("n"),
        Refusal.CONFLICT,
        "not connected (no such port)",
    ),
    (
        "cuff asked already",
        lambda: occupied().measure(),
        MeasurePressure("n"),
        Refusal.CONFLICT,
        "is measuring",
    ),
    (
        "cuff started at the device",
        lambda: occupied().says("cuff", CuffState(CuffPhase.MEASURING, 120)),
        MeasurePressure("n"),
        Refusal.CONFLICT,
        "is measuring",
    ),
]


@pytest.mark.parametrize(
    ("prepared", "command", "kind", "says"),
    [row[1:] for row in REFUSED],
    ids=[row[0] for row in REFUSED],
)
def test_a_refused_command_says_why_and_changes_nothing(
    prepared: Callable[[], Bedside], command: Command, kind: Refusal, says: str
) -> None:
    side = prepared()
    n, session, alarms = side.bed.event_number, side.bed.session, dict(side.bed.alarm_engine.alarms)
    with pytest.raises(Refused, match=r".") as refused:
        side.asks(command)
    assert refused.value.kind is kind
    assert says in str(refused.value)
    assert (side.bed.event_number, side.bed.session, side.bed.alarm_engine.alarms) == (
        n,
        session,
        alarms,
    )
    assert [e for e in side.bed.handle(Tick(), side.now).events if e.n <= n] == []


# ── infusions ───────────────────────────────────────────────────────────────────────────

INFUSIONS: dict[str, tuple[tuple[InfusionAction, ...], set[InfusionAction]]] = {
    "not started": ((), {START_IV}),
    "running": ((START_IV,), {PAUSE, END}),
    "paused": ((START_IV, PAUSE), {RESUME, END}),
    "running again": ((START_IV, PAUSE, RESUME), {PAUSE, END}),
    "ended": ((START_IV, END), set()),
}


def test_a_child_s_weight_is_a_weight() -> None:
    assert bed().asks(start(weight_kg=0.9)).session.weight_kg == 0.9


@pytest.mark.parametrize("points", [0, 4])
def test_an_item_takes_0_to_4_points(points: int) -> None:
    side = occupied().asks(score("cadss", None, dict.fromkeys(ITEMS, points)))
    assert side.latest("cadss") == 23 * points


@pytest.mark.parametrize(
    ("scale", "total"), [("cadss", 0), ("cadss", 92), ("moaas", 0), ("moaas", 5)]
)
def test_a_scale_takes_its_ends(scale: str, total: int) -> None:
    most = {"cadss": 92, "moaas": 5}[scale]
    assert occupied().asks(score(scale, total and most)).latest(scale) == (total and most)


def test_a_score_may_be_from_the_start_of_the_session() -> None:
    side = occupied()
    started_at = side.session.started_at
    side.asks(replace(score("cadss", 3), at=started_at))
    assert side.session.scores[-1].at == started_at


def test_a_clock_that_is_a_minute_ahead_means_now() -> None:
    side = occupied()
    side.asks(replace(score("cadss", 3), at=side.now.plus(60).wall))
    assert side.session.scores[-1].at == side.now.wall
    with pytest.raises(Refused, match="not come yet"):
        side.asks(replace(score("cadss", 3), at=side.now.plus(61).wall))


def test_less_than_a_milligram_is_a_dose() -> None:
    assert occupied().dosed(0.5).session.given_mg == 0.5


def test_what_rounding_adds_to_the_planned_dose_is_not_over_it() -> None:
    assert occupied().dosed(84 * SPILL).session.given_mg == 84 * SPILL


def test_an_infusion_after_a_dose_does_not_ask_for_the_gate_again() -> None:
    """In sessions recorded before every administration waited for its criteria."""
    regimen = REGIMENS["ketamine-iv"].model_copy(update={"edition": 2})
    side = bed().with_session(regimen).asks(replace(dose("ketamine", 5), override=OVERRIDE))
    side.infusion(START_IV, override=None)
    assert side.session.infusion is not None


@pytest.mark.parametrize("state", INFUSIONS)
@pytest.mark.parametrize("action", InfusionAction)
def test_an_infusion_takes_the_steps_that_fit(state: str, action: InfusionAction) -> None:
    before, possible = INFUSIONS[state]
    side = infused()
    for step in before:
        side.infusion(step)
    if action in possible:
        side.infusion(action)
        assert side.types("infusion.")[-1] != ""
        assert len(side.types("infusion.")) == len(before) + 1
    else:
        with pytest.raises(Refused):
            side.infusion(action)


# ── what is accepted ────────────────────────────────────────────────────────────────────


def test_the_devices_of_one_dose_are_given_one_by_one() -> None:
    side = occupied().dosed(28).minutes(5).dosed(28).minutes(5).dosed(28)
    assert side.session.given_mg == 84


def test_a_dose_may_be_recorded_a_little_later() -> None:
    at = START.plus(20).wall
    assert occupied().dosed(28, at=at).session.doses[0].at == at


def test_a_clock_at_the_bedside_may_run_a_minute_ahead() -> None:
    side = occupied()
    side.dosed(28, at=side.now.wall + timedelta(minutes=1))
    assert [dose.at for dose in side.session.doses] == [side.now.wall]


def test_the_items_of_a_score_make_its_total() -> None:
    side = occupied().asks(score("cadss", None, ITEMS))
    payload = side.last("score.recorded").payload
    assert (payload["total"], payload["items"]) == (23, ITEMS)


def test_a_note_is_kept_as_it_is() -> None:
    side = occupied().asks(AddNote("calm", "nurse.a"))
    assert side.last("note.added").payload == {"text": "calm", "by": "nurse.a"}


def test_an_escort_is_confirmed_once() -> None:
    side = occupied().escorted().asks(ConfirmEscort("nurse.b"))
    assert side.types("escort.") == ["escort.confirmed"]


def test_a_session_names_the_rules_it_is_judged_by() -> None:
    side = occupied()
    rules = side.bed.rules
    assert side.session.rules == {
        "name": rules.name,
        "version": rules.version,
        "hash": rules.hash,
    }


def test_a_session_can_be_closed_against_the_criteria_by_a_clinician() -> None:
    side = occupied().closed(against=("dr.b", "transferred"))
    assert side.phase() is Phase.CLOSED
    assert side.session.against_criteria == {"clinician": "dr.b", "reason": "transferred"}
    payload = side.last("session.closed").payload
    assert "24 hours" in payload["discharge_text"]
    assert any(not criterion["met"] for criterion in payload["criteria"])


def test_a_session_can_be_aborted() -> None:
    side = occupied().aborted()
    assert (side.phase(), side.session.reason) == (Phase.ABORTED, "patient went home")


@pytest.mark.parametrize("ending", ["session.closed", "patient.left"])
def test_a_session_that_ends_ends_its_alarms_before_it(ending: str) -> None:
    side = occupied().spo2(85, for_s=12)
    side.aborted() if ending == "patient.left" else side.closed(against=("dr.b", "x"))
    types = side.types()
    assert types.index("alarm.ended") < types.index(ending)
    assert side.last("alarm.ended").payload["reason"] == ending.replace(".", " ")
    assert side.open_rules() == set()


def test_an_abort_with_which_the_patient_leaves_ends_the_alarms_before_it() -> None:
    side = occupied().scored(cadss=10).aborted()
    types = side.types()
    assert types.index("alarm.ended") < types.index("session.aborted")
    assert side.last("alarm.ended").payload["reason"] == "session aborted"
    assert side.open_rules() == set()


def test_the_next_patient_is_not_judged_by_the_last_one_s_pressure() -> None:
    side = occupied().measured(190, 115).aborted().with_session(id="s-2").wait(2)
    assert "pressure.severe" not in side.open_rules()
    assert all(s.value is None for s in side.bed.vitals.views(side.now) if s.vital.value == "sys")


# ── alarms ──────────────────────────────────────────────────────────────────────────────


def alarmed() -> Bedside:
    return occupied().spo2(85, for_s=12)


def test_an_alarm_is_acknowledged_by_a_person() -> None:
    side = alarmed().acknowledged("spo2.very-low")
    acknowledged = side.last("alarm.acknowledged").payload["alarm"]
    assert acknowledged["acknowledged_by"] == "nurse.a"


def test_an_alarm_acknowledged_twice_by_one_person_stays_as_it_is() -> None:
    side = alarmed().acknowledged("spo2.very-low").acknowledged("spo2.very-low")
    assert side.types().count("alarm.acknowledged") == 1


def test_an_alarm_that_another_person_took_is_theirs() -> None:
    side = alarmed().acknowledged("spo2.very-low")
    with pytest.raises(Refused, match=r"nurse\.a has acknowledged"):
        side.acknowledged("spo2.very-low", by="nurse.b")


def test_an_alarm_that_has_ended_cannot_be_acknowledged() -> None:
    side = occupied().pulse(130, for_s=32).pulse(80, for_s=12)
    with pytest.raises(Refused, match="has ended"):
        side.acknowledged("pulse.high")


def test_an_acknowledgement_can_be_taken_back_by_anybody() -> None:
    side = alarmed().acknowledged("spo2.very-low").given_back("spo2.very-low", by="nurse.b")
    undone = side.last("alarm.unacknowledged").payload
    assert (undone["by"], undone["note"]) == ("nurse.b", "the wrong bed")
    assert undone["alarm"]["acknowledged"] is False
    assert side.acknowledged("spo2.very-low", by="nurse.c").alarm("spo2.very-low").acknowledged


def test_what_nobody_has_acknowledged_cannot_be_taken_back() -> None:
    side = alarmed()
    with pytest.raises(Refused, match="not acknowledged"):
        side.given_back("spo2.very-low")


def test_that_the_end_of_an_alarm_was_acknowledged_cannot_be_taken_back() -> None:
    side = alarmed().spo2(98, for_s=10).acknowledged("spo2.very-low")
    for seen in (side, side.rebuilt().wait(10)):
        with pytest.raises(Refused, match="its end was acknowledged, and that cannot be undone"):
            seen.given_back("spo2.very-low")
        assert seen.alarm("spo2.very-low").state is State.ENDED


def test_anybody_acknowledges_the_end_of_an_alarm_that_somebody_had_acknowledged() -> None:
    side = alarmed().acknowledged("spo2.very-low", by="nurse.a").spo2(98, for_s=10).rebuilt()
    assert side.alarm("spo2.very-low").state is State.LATCHED
    assert "no-alarm" in side.unmet()
    side.acknowledged("spo2.very-low", by="nurse.c")
    reset = side.last("alarm.reset").payload["alarm"]
    assert (reset["state"], reset["acknowledged_by"]) == ("ended", "nurse.c")


def test_an_alarm_of_a_session_that_is_over_does_not_come_back() -> None:
    side = alarmed().acknowledged("spo2.very-low").aborted()
    with pytest.raises(Refused, match="this alarm has ended"):
        side.given_back("spo2.very-low")


def test_acknowledging_one_alarm_changes_no_other() -> None:
    side = alarmed().pulse(150, for_s=32).unplugged("oximeter", for_s=40)
    side.acknowledged("tech.link-lost")
    acknowledged = {a.rule for a in side.bed.alarm_engine.open_alarms() if a.acknowledged}
    assert acknowledged == {"tech.link-lost"}
    assert {"spo2.very-low", "pulse.extreme", "tech.link-lost"} <= side.open_rules()


def test_an_alarm_goes_further_while_nobody_takes_it_also_after_a_restart() -> None:
    side = alarmed().wait(40).rebuilt().wait(17)
    assert "alarm.escalated" not in side.types()
    side.wait(5)
    assert side.types().count("alarm.escalated") == 1
    assert side.last("alarm.escalated").payload["alarm"]["recipients"] == ["nurse", "charge-nurse"]


@pytest.mark.parametrize("action", [InfusionAction.END, InfusionAction.PAUSE])
def test_an_infusion_does_not_end_or_pause_before_it_began(action: InfusionAction) -> None:
    side = bed().with_session("ketamine-iv").minutes(10).infusion(InfusionAction.START)
    began = side.now.wall
    side.minutes(10)
    with pytest.raises(Refused, match="already running") as refused:
        side.infusion(action, began - timedelta(minutes=1))
    assert (refused.value.kind, refused.value.field) == (Refusal.INVALID, "at")
    side.infusion(action, began)
    assert side.session.infusion is not None
    assert not side.session.infusion.running


@pytest.mark.parametrize("days", [1, -1])
def test_a_clock_that_jumps_a_day_moves_the_session_along(days: int) -> None:
    side = bed().with_session().with_baseline().dosed().minutes(30).spo2(92, for_s=40)
    alarm, left = side.alarm("spo2.low"), side.session.window_ends_at
    assert left is not None
    left_s = (left - side.now.wall).total_seconds()
    side.wall_steps(days * 86_400).wait(1)
    assert side.types("clock.stepped") == ["clock.stepped"]
    assert side.session.window_ends_at is not None
    assert (side.session.window_ends_at - side.now.wall).total_seconds() == left_s - 1
    assert side.since_dose_min() == pytest.approx(30 + 41 / 60)
    assert side.alarm("spo2.low").id == alarm.id
    assert side.phase() is Phase.OBSERVING
