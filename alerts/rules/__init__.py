"""What a rule is: the model, the file format, its loader, and a lint for rule sets.

Limits, texts and escalation times are in `alerts/sets/default.toml`, or a site's own file;
`condition_text` puts a condition into words. Plain data: whether a rule is met is decided in
`alerts.evaluation`.
"""

from alerts.rules import loader
from alerts.rules.condition_text import as_plain_language, describe
from alerts.rules.lint import Severity, lint_rules, meaningless
from alerts.rules.loader import RuleError, from_texts, load_rules, read_rules
from alerts.rules.model import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Escalation,
    Fall,
    Kind,
    Leaf,
    Limit,
    Priority,
    Rise,
    Rule,
    RuleSet,
    TechnicalCondition,
    leaves,
    signals_in,
)
from alerts.rules.rule_text import ended_when, in_words, raised_after, raised_when
from alerts.rules.toml_errors import explain_errors, locate
from alerts.rules.toml_positions import KeyPath, suggest
from alerts.rules.vocabulary import (
    BED_CONDITIONS,
    CHECK_CONDITIONS,
    DATA_LOSS,
    DEVICE_ONLY,
    GRADES,
    LOWER_IS_WORSE,
    OXIMETERS_DIFFER,
    RANGES,
    SCORES,
    SITE_CONDITIONS,
    SYMPTOM_SIGNALS,
    SYMPTOMS,
)

__all__ = [
    "BED_CONDITIONS",
    "CHECK_CONDITIONS",
    "DATA_LOSS",
    "DEVICE_ONLY",
    "GRADES",
    "LOWER_IS_WORSE",
    "OXIMETERS_DIFFER",
    "RANGES",
    "SCORES",
    "SITE_CONDITIONS",
    "SYMPTOMS",
    "SYMPTOM_SIGNALS",
    "AllOf",
    "AnyOf",
    "Comparison",
    "Condition",
    "Escalation",
    "Fall",
    "KeyPath",
    "Kind",
    "Leaf",
    "Limit",
    "Priority",
    "Rise",
    "Rule",
    "RuleError",
    "RuleSet",
    "Severity",
    "TechnicalCondition",
    "as_plain_language",
    "describe",
    "ended_when",
    "explain_errors",
    "from_texts",
    "in_words",
    "leaves",
    "lint_rules",
    "load_rules",
    "loader",
    "locate",
    "meaningless",
    "raised_after",
    "raised_when",
    "read_rules",
    "signals_in",
    "suggest",
]
