"""The rule set over HTTP: what raises an alarm, and what becomes of it."""

from typing import Any

from fastapi import APIRouter

from alerts import rules
from api.schemas.rules import Escalation, Rule, RuleSet
from monitor.ward import Ward


def router(ward: Ward) -> APIRouter:
    """The rules of `ward`."""
    routes = APIRouter(prefix="/rules", tags=["alarms"])

    @routes.get("", response_model=RuleSet)
    async def get_rules() -> Any:
        """The rules that beds are judged by; a patient's own limits are with the session."""
        return _shown(ward.rules)

    return routes


def _shown(of: rules.RuleSet) -> RuleSet:
    to = of.escalation
    return RuleSet(
        name=of.name,
        version=of.version,
        hash=of.hash,
        escalation=Escalation(
            levels=list(to.levels),
            high_after_s=to.high_after_s,
            medium_after_s=to.medium_after_s,
            high_again_after_s=to.high_again_after_s,
            medium_again_after_s=to.medium_again_after_s,
        ),
        rules=[_rule(rule) for rule in of.rules],
    )


def _rule(of: rules.Rule) -> Rule:
    return Rule(
        id=of.id,
        kind=of.kind.value,
        priority=of.priority.label,
        worsens_to=None if of.worsens_to is None else of.worsens_to.label,
        worsens_after_s=None if of.worsens_to is None else of.worsens_after_s,
        when=rules.raised_when(of),
        after=rules.raised_after(of),
        end=rules.ended_when(of),
        latching=of.latching,
        text=of.text,
        guidance=of.guidance,
        guidance_before_dose=of.guidance_before_dose,
        guidance_while_dosing=of.guidance_while_dosing,
        source=of.source,
    )
