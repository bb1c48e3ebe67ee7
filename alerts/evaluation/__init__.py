"""Which rules are met: conditions, their timers, and the engine of one bed.

Deterministic: values and `now` come in as arguments, alarm changes come out. The life of an
alarm once raised is `alerts.alarm`.
"""

from alerts.evaluation.conditions import Value, Values
from alerts.evaluation.context import DOSING, MINUTE, ConditionAt, EvaluationContext, Signal
from alerts.evaluation.engine import AlarmEngine
from alerts.evaluation.patient_limits import (
    COMPARISONS,
    AdjustableLimit,
    AmbiguousLimitError,
    LimitKey,
    adjustable_limits,
    check_limit,
    limit_key,
    limit_of,
    with_limit,
    with_patient_limits,
)
from alerts.evaluation.rule_instance import Key

__all__ = [
    "COMPARISONS",
    "DOSING",
    "MINUTE",
    "AdjustableLimit",
    "AlarmEngine",
    "AmbiguousLimitError",
    "ConditionAt",
    "EvaluationContext",
    "Key",
    "LimitKey",
    "Signal",
    "Value",
    "Values",
    "adjustable_limits",
    "check_limit",
    "limit_key",
    "limit_of",
    "with_limit",
    "with_patient_limits",
]
