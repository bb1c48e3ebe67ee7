"""The tables of a rule file: what may be written in each, and what it is then.

Each is a pydantic model that makes of what is written what `alerts.rules.model` has. What
pydantic finds wrong is put in words in `alerts.rules.parser`.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import replace
from string import Formatter
from typing import Annotated, Any, Final, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    model_validator,
)

from alerts.rules.model import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Escalation,
    Fall,
    Kind,
    Limit,
    Priority,
    Rise,
    Rule,
    TechnicalCondition,
    signals_in,
)
from alerts.rules.toml_positions import KeyPath, suggest
from alerts.rules.vocabulary import (
    OXIMETERS_DIFFER,
    SIGNALS,
    SYMPTOM_SIGNALS,
    TECHNICAL_CONDITIONS,
    TOLD_BY_OTHERS,
)
from drivers.readings import Vital

CONFIRMABLE: Final = frozenset({Vital.SYS, Vital.DIA, Vital.MAP})
"""What a second measurement can be asked for."""

MIN_AFTER_S: Final = 5.0
MAX_AFTER_S: Final = 3600.0
"""Beyond this an alarm would in effect never escalate, and there is no off."""

MIN_AGAIN_S: Final = 60.0
MAX_AGAIN_S: Final = 7200.0
"""Beyond this an acknowledgement would in effect quiet an alarm for a whole session."""

DIFFER_BY: Final = 4.0
"""So far apart, in %, two oximeters are where a rule does not say [default]."""

MAX_NAME_LENGTH: Final = 64

_FORMS: Final = ("signal", "technical", "any_of", "all_of")
"""What a condition can be; each is written with exactly one of these."""

_BESIDE_A_LIMIT: Final = ("within_s", "baseline_if_unknown", "unless_told")

_TEXT_FIELDS: Final = (
    frozenset(
        """value limit for_s device reason blind findings sys_rise dia_rise sys_limit
        dia_limit signs partial""".split()
    )
    | SIGNALS - SYMPTOM_SIGNALS.keys()
)


class RuleSyntaxError(ValueError):
    """What is wrong with a table and how to mend it; `place` is the key's way from that table."""

    def __init__(self, message: str, *place: str | int) -> None:
        super().__init__(message)
        self.place: KeyPath = place


# ── values ──────────────────────────────────────────────────────────────────────────────


def _one_of(names: Collection[str], what: str) -> PlainValidator:
    def check(value: object, info: ValidationInfo) -> object:
        if value not in list(names):
            message = f"{info.field_name} = {value!r} is not {what}; {suggest(value, names)}"
            raise RuleSyntaxError(message)
        return value

    return PlainValidator(check)


def _priority(value: object, info: ValidationInfo) -> Priority:
    try:
        return Priority.of(str(value))
    except KeyError as error:
        raise RuleSyntaxError(f"{info.field_name} is one of high, medium, low") from error


def _template(text: str) -> str:
    try:
        parsed = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise RuleSyntaxError(f"text: {error}; write {{{{ and }}}} for braces") from error
    if any(form or conversion for _, _, form, conversion in parsed):
        raise RuleSyntaxError("text: fields are written as {value}, with nothing after the name")
    for _, name, _, _ in parsed:
        if name not in _TEXT_FIELDS:
            raise RuleSyntaxError(f"text: {{{name}}} is not known; {suggest(name, _TEXT_FIELDS)}")
    return text


def _worse_by(value: object) -> float | Mapping[str, float]:
    if not isinstance(value, dict):
        return _amount(value)
    if not value:
        raise RuleSyntaxError("worse_by names no signal; remove it")
    return {name: _amount(amount) for name, amount in value.items()}


def _amount(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < math.inf:
        return value
    raise RuleSyntaxError(f"worse_by = {value!r} is not a number over 0")


def _each_once(names: tuple[str, ...]) -> tuple[str, ...]:
    if len(set(names)) < len(names):
        raise RuleSyntaxError("levels names somebody twice; name each once")
    return names


Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
NotNegative = Annotated[Number, Field(ge=0)]
Flag = Annotated[bool, Field(strict=True)]
Guidance = Annotated[str, Field(min_length=1)]
RuleId = Annotated[str, Field(min_length=1)]
PriorityName = Annotated[Priority, PlainValidator(_priority)]
Recipient = Annotated[str, Field(min_length=1, max_length=MAX_NAME_LENGTH)]
Recipients = Annotated[tuple[Recipient, ...], Field(min_length=1), AfterValidator(_each_once)]
CallAgainAfter = Annotated[Number, Field(ge=MIN_AFTER_S, le=MAX_AFTER_S)]
AcknowledgedFor = Annotated[Number, Field(ge=MIN_AGAIN_S, le=MAX_AGAIN_S)]
WorseBy = Annotated[float | Mapping[str, float], PlainValidator(_worse_by)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


# ── conditions ──────────────────────────────────────────────────────────────────────────


class ConditionTable(_Table):
    """A signal and one limit, or a technical condition, or a list of conditions."""

    signal: Annotated[str | None, _one_of(SIGNALS, "measured")] = None
    above: Number | None = None
    below: Number | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    unless_told: Flag = False
    rise_from_baseline: Number | None = None
    baseline_if_unknown: NotNegative | None = None
    fall_of: Number | None = None
    within_s: NotNegative | None = None
    technical: Annotated[str | None, _one_of(TECHNICAL_CONDITIONS, "known")] = None
    any_of: "Annotated[tuple[ConditionTable, ...], Field(min_length=1)] | None" = None
    all_of: "Annotated[tuple[ConditionTable, ...], Field(min_length=1)] | None" = None

    @model_validator(mode="after")
    def _is_one_condition(self) -> Self:
        written = self.model_fields_set & ConditionTable.model_fields.keys()
        forms = [form for form in _FORMS if form in written]
        if len(forms) != 1:
            raise RuleSyntaxError(f"needs exactly one of {', '.join(_FORMS)}", *forms[1:2])
        beside = sorted(written - {*forms})
        match forms[0]:
            case "signal":
                self._has_one_limit(beside)
            case "technical":
                if beside:
                    raise RuleSyntaxError(f"technical stands alone; remove {beside[0]}", beside[0])
            case form:
                self._has_parts_alone(form, beside)
        return self

    def _has_one_limit(self, beside: list[str]) -> None:
        limits = [key for key in beside if key not in _BESIDE_A_LIMIT]
        if len(limits) != 1:
            message = f"{self.signal} needs exactly one limit, such as below or at_least"
            raise RuleSyntaxError(message, *limits[1:2])
        if (limits[0] == "fall_of") != ("within_s" in beside):
            raise RuleSyntaxError("fall_of and within_s go together", limits[0])
        if "baseline_if_unknown" in beside and limits[0] != "rise_from_baseline":
            message = "baseline_if_unknown goes with rise_from_baseline"
            raise RuleSyntaxError(message, "baseline_if_unknown")
        if "unless_told" in beside and self.signal not in TOLD_BY_OTHERS:
            message = f"unless_told is for {', '.join(TOLD_BY_OTHERS)}; remove it"
            raise RuleSyntaxError(message, "unless_told")

    def _has_parts_alone(self, form: str, beside: list[str]) -> None:
        for n, part in enumerate(getattr(self, form)):
            if part.technical is not None:
                raise RuleSyntaxError(f"technical stands alone, not inside {form}", form, n)
        if beside:
            raise RuleSyntaxError(f"{beside[0]} belongs inside {form}", beside[0])

    def condition(self) -> Condition:
        """The condition that is written."""
        if self.technical is not None:
            return TechnicalCondition(self.technical)
        if self.any_of is not None:
            return AnyOf(tuple(part.condition() for part in self.any_of))
        if self.all_of is not None:
            return AllOf(tuple(part.condition() for part in self.all_of))
        assert self.signal is not None
        if self.rise_from_baseline is not None:
            return Rise(self.signal, self.rise_from_baseline, self.baseline_if_unknown)
        if self.fall_of is not None and self.within_s is not None:
            return Fall(self.signal, self.fall_of, self.within_s)
        [comparison] = self.model_fields_set & {*Comparison}
        limit = getattr(self, comparison)
        return Limit(self.signal, Comparison(comparison), limit, self.unless_told)


# ── rules ───────────────────────────────────────────────────────────────────────────────


class RuleTable(ConditionTable):
    """A `[[rule]]`: its condition, and what follows when that is met."""

    id: RuleId
    kind: Kind | None = None
    priority: PriorityName
    text: Annotated[str, AfterValidator(_template)]
    guidance: str = ""
    guidance_before_dose: Guidance | None = None
    guidance_while_dosing: Guidance | None = None
    source: str
    for_s: NotNegative = 0.0
    confirm_after_s: NotNegative | None = None
    confirm_within_s: NotNegative = 0.0
    clear_margin: NotNegative = 0.0
    clear_for_s: NotNegative = 0.0
    latching: Flag = False
    in_session: Flag = True
    after_min: NotNegative | None = None
    after_last_dose_min: NotNegative | None = None
    at_once: ConditionTable | None = None
    at_once_by_hand: Flag = False
    tells_unconfirmed: Flag = False
    worsens_to: PriorityName | None = None
    worsens_after_s: NotNegative = 0.0
    worse_by: WorseBy | None = None
    takes: Annotated[tuple[RuleId, ...], Field(min_length=1)] = ()
    differ_by: Annotated[Number, Field(ge=2, le=20)] | None = None

    @model_validator(mode="after")
    def _fits_its_condition(self) -> Self:
        is_technical = self.technical is not None
        if self.kind is not None and is_technical != (self.kind is Kind.TECHNICAL):
            message = f"kind = {self.kind.value!r} does not fit its condition; leave kind out"
            raise RuleSyntaxError(message, "kind")
        named = signals_in(self.condition())
        fields = {name for _, name, _, _ in Formatter().parse(self.text)}
        if "value" in fields and len(named) != 1:
            message = "text: {value} needs a rule of one signal; name it instead"
            raise RuleSyntaxError(message, "text")
        if self.confirm_after_s is not None and CONFIRMABLE.isdisjoint(named):
            message = "confirm_after_s is for pressures alone; write for_s"
            raise RuleSyntaxError(message, "confirm_after_s")
        for key in ("guidance_before_dose", "guidance_while_dosing") if is_technical else ():
            if getattr(self, key) is not None:
                raise RuleSyntaxError(f"{key} is not for technical rules; remove it", key)
        for key in ("after_min", "after_last_dose_min") if is_technical else ():
            if getattr(self, key) is not None:
                raise RuleSyntaxError(f"{key} is not for technical rules; remove it", key)
        if self.after_min is not None and self.after_last_dose_min is not None:
            message = "has both after_min and after_last_dose_min; keep one"
            raise RuleSyntaxError(message, "after_last_dose_min")
        if not is_technical and not self.in_session:
            message = "in_session = false is for technical rules alone; remove it"
            raise RuleSyntaxError(message, "in_session")
        return self

    @model_validator(mode="after")
    def _says_how_far(self) -> Self:
        if self.differ_by is not None and self.technical != OXIMETERS_DIFFER:
            raise RuleSyntaxError(
                f"differ_by goes with technical = {OXIMETERS_DIFFER!r}", "differ_by"
            )
        return self

    @model_validator(mode="after")
    def _confirms_what_it_says(self) -> Self:
        for key in ("at_once", "at_once_by_hand", "tells_unconfirmed"):
            if getattr(self, key) and self.confirm_after_s is None:
                raise RuleSyntaxError(f"{key} goes with confirm_after_s", key)
        if self.at_once is not None:
            named = signals_in(self.condition())
            for name in signals_in(self.at_once.condition()) or ("",):
                if name not in named:
                    message = "at_once is of signals that the rule looks at"
                    raise RuleSyntaxError(message, "at_once")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.confirm_after_s is not None:
            if self.for_s:
                raise RuleSyntaxError("has both for_s and confirm_after_s; keep one", "for_s")
            if self.confirm_within_s <= self.confirm_after_s:
                message = "confirm_within_s must be over confirm_after_s"
                raise RuleSyntaxError(message, "confirm_within_s")
        if self.worsens_to is not None and self.worsens_to <= self.priority:
            message = f"worsens_to must be over priority {self.priority.label}"
            raise RuleSyntaxError(message, "worsens_to")
        return self

    @model_validator(mode="after")
    def _worsens_in_what_it_sees(self) -> Self:
        if self.worse_by is None:
            return self
        named = signals_in(self.condition())
        if not named:
            raise RuleSyntaxError("worse_by is not for technical rules; remove it", "worse_by")
        if not isinstance(self.worse_by, Mapping):
            if len(named) > 1:
                message = f"worse_by: say of which signal, as in {{ {named[0]} = 10 }}"
                raise RuleSyntaxError(message, "worse_by")
            return self
        for name in self.worse_by:
            if name not in named:
                message = f"worse_by: the rule does not look at {name}; {suggest(name, named)}"
                raise RuleSyntaxError(message, "worse_by", name)
        return self

    @model_validator(mode="after")
    def _takes_others_of_the_patient(self) -> Self:
        if self.takes and self.technical is not None:
            raise RuleSyntaxError("takes is not for technical rules; remove it", "takes")
        if self.id in self.takes:
            raise RuleSyntaxError("takes: the rule names itself; remove it", "takes")
        return self

    def rule(self) -> Rule:
        """The rule that is written."""
        default = Kind.PHYSIOLOGICAL if self.technical is None else Kind.TECHNICAL
        beside = {"kind", "worse_by", "at_once", "differ_by"}
        given = RuleTable.model_fields.keys() - ConditionTable.model_fields.keys() - beside
        condition = self.condition()
        worse_by = {} if self.worse_by is None else self.worse_by
        if not isinstance(worse_by, Mapping):
            worse_by = dict.fromkeys(signals_in(condition), worse_by)
        return Rule(
            kind=self.kind or default,
            condition=condition,
            worse_by=worse_by,
            at_once=None if self.at_once is None else self.at_once.condition(),
            differ_by=self.differ_by or (DIFFER_BY if self.technical == OXIMETERS_DIFFER else None),
            **{key: getattr(self, key) for key in given},
        )


class EscalationTable(_Table):
    """The `[escalation]` table: what it leaves out is as in the set that it extends."""

    levels: Recipients | None = None
    high_after_s: CallAgainAfter | None = None
    medium_after_s: CallAgainAfter | None = None
    high_again_after_s: AcknowledgedFor | None = None
    medium_again_after_s: AcknowledgedFor | None = None
    keep_acknowledgement_on_reraise: Flag | None = None
    separate_reset: Flag | None = None

    def over(self, inherited: Escalation) -> Escalation:
        """What the table makes of `inherited`. Raises `RuleSyntaxError`, from the file's top."""
        found = replace(inherited, **self.model_dump(exclude_unset=True))
        for key in ("after_s", "again_after_s"):
            high, medium = getattr(found, f"high_{key}"), getattr(found, f"medium_{key}")
            if high is not None and medium is not None and high > medium:
                raise RuleSyntaxError(
                    f"escalation: high_{key} = {high:g} is over medium_{key} = "
                    f"{medium:g}; a high alarm goes further first",
                    "escalation",
                    f"medium_{key}" if getattr(self, f"high_{key}") is None else f"high_{key}",
                )
        return found


class TextTable(_Table):
    """The `[text]` table: how texts are kept."""

    renew_after_s: Annotated[Number, Field(ge=MIN_AFTER_S, le=MAX_AFTER_S)]


class RuleFile(_Table):
    """A whole file, but for what is in its rules."""

    name: str
    version: str
    extends: str | None = None
    escalation: EscalationTable | None = None
    text: TextTable | None = None
    rule: tuple[dict[str, Any], ...] = ()
