"""What a clinician sets for one patient: a rule's limit, and the scale of NEWS2. Pure."""

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from alerts.evaluation import AmbiguousLimitError, check_limit, limit_key, limit_of, with_limit
from alerts.news2 import SCALES
from alerts.rules import RuleError, RuleSet, suggest
from monitor.session.commands import ChooseNews2Scale, Refusal, Refused, SetAlarmLimit
from monitor.session.events import Draft
from monitor.session.session import Session

SCALE_2_LIMITS: Final = {"spo2.low": 88.0, "spo2.very-low": 84.0}
"""What these rules' limits for SpO2 are, in %, for a patient who is scored on scale 2: under
its target, and where it gives 3 points [NEWS2; their use as limits: default]. Leaving and the
dose follow the first."""


def set_alarm_limit(session: Session, command: SetAlarmLimit, rules: RuleSet) -> list[Draft]:
    """A clinician gives a rule another limit for this patient, or its own again."""
    by_id = {rule.id: rule for rule in rules.rules}
    if command.rule not in by_id:
        raise Refused(
            Refusal.INVALID,
            f"no rule {command.rule} in set {rules.name}; {suggest(command.rule, by_id)}",
            "rule",
        )
    rule = by_id[command.rule]
    try:
        key = limit_key(rule, command.signal, command.comparison)
        signal, was = limit_of(rule, command.signal, command.comparison)
    except AmbiguousLimitError as error:
        raise Refused(Refusal.INVALID, str(error), "comparison") from error
    except RuleError as error:
        raise Refused(Refusal.INVALID, str(error), "signal") from error
    try:
        if command.limit is not None and session.regimen.edition >= 3:
            check_limit(rule, signal, command.limit, command.comparison)
        elif command.limit is not None:
            with_limit(rule, signal, command.limit)
    except RuleError as error:
        raise Refused(Refusal.INVALID, str(error), "limit") from error
    now = session.patient_limits().get(key)
    if command.limit is None and now is None:
        raise Refused(Refusal.CONFLICT, f"{rule.id} has its own limit for {signal}", "limit")
    payload = {
        "rule": rule.id,
        "signal": signal,
        "limit": command.limit,
        "was": was if now is None else now,
        "clinician": command.clinician,
        "reason": command.reason,
        "by": command.by,
    }
    if key[2] is not None:
        payload["comparison"] = key[2]
    return [("alarm-limit.set", payload)]


def choose_news2_scale(session: Session, command: ChooseNews2Scale, rules: RuleSet) -> list[Draft]:
    """A clinician chooses the scale, and the limits for SpO2 follow.

    A limit that was set for this patient stays. Scale 1 has the rules' own again where scale 2
    had given them another.
    """
    if command.scale not in SCALES:
        raise Refused(Refusal.INVALID, "NEWS2 has scales 1 and 2", "scale")
    if command.scale == session.news2_scale:
        said = f"NEWS2 scores SpO2 on scale {command.scale} already"
        raise Refused(Refusal.CONFLICT, said, "scale")
    by = {"clinician": command.clinician, "reason": command.reason, "by": command.by}
    chosen = "news2-scale.chosen", {"scale": command.scale, **by}
    return [chosen, *_limits_that_follow(session, command, rules)]


def _limits_that_follow(
    session: Session, command: ChooseNews2Scale, rules: RuleSet
) -> Iterator[Draft]:
    own = session.patient_limits()
    who = command.clinician, f"NEWS2 scale {command.scale}: {command.reason}", command.by
    for rule in rules.rules:
        if (limit := SCALE_2_LIMITS.get(rule.id)) is None:
            continue
        wanted, before = (limit, None) if command.scale == 2 else (None, limit)
        with suppress(RuleError):
            if own.get(limit_key(rule, "spo2", None)) == before:
                follows = SetAlarmLimit(rule.id, "spo2", wanted, *who)
                yield from set_alarm_limit(session, follows, rules)
