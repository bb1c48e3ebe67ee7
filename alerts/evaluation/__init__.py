"""Which rules are met: conditions, their timers, and the engine of one bed.

Deterministic: values and `now` come in as arguments, alarm changes come out. The life of an
alarm once raised is `alerts.alarm`.
"""

from alerts.evaluation.conditions import Value, Values
from alerts.evaluation.engine import (
    MINUTE,
    AlarmEngine,
    ConditionAt,
    EvaluationContext,
    Key,
    Signal,
)
from alerts.evaluation.patient_limits import limit_of, with_limit, with_patient_limits

__all__ = [
    "MINUTE",
    "AlarmEngine",
    "ConditionAt",
    "EvaluationContext",
    "Key",
    "Signal",
    "Value",
    "Values",
    "limit_of",
    "with_limit",
    "with_patient_limits",
]
