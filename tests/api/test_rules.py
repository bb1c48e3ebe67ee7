"""The rule set over HTTP."""

from pathlib import Path

from alerts.rules import Kind, Priority
from tests.monitor.builders import DEFAULT
from tests.virtual import virtual_time
from tests.wards import simulated_ward


@virtual_time()
async def test_every_rule_says_what_raises_it_what_ends_it_and_whom_it_calls(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.get("/rules")
    assert (answer["name"], answer["hash"]) == (DEFAULT.name, DEFAULT.hash)
    assert answer["escalation"]["levels"] == ["nurse", "charge-nurse", "clinician"]
    assert [rule["id"] for rule in answer["rules"]] == [rule.id for rule in DEFAULT.rules]
    rules = {rule["id"]: rule for rule in answer["rules"]}
    low = rules["spo2.low"]
    assert (low["kind"], low["priority"]) == (Kind.PHYSIOLOGICAL, Priority.MEDIUM.label)
    assert (low["when"], low["after"], low["end"]) == ("SpO2 < 93", "30 s", "SpO2 ≥ 94 for 10 s")
    assert rules["spo2.very-low"]["end"] == "by a person"
    assert rules["pressure.low"]["after"].startswith("twice, 60 s apart; at once on systolic < ")
    assert rules["pressure.low"]["after"].endswith("; at once when typed")
    assert "Stop or hold" in rules["spo2.very-low"]["guidance_while_dosing"]
    silent = rules["tech.device-silent"]
    assert (silent["worsens_to"], silent["worsens_after_s"]) == ("medium", 30)
    assert (low["worsens_to"], low["worsens_after_s"]) == (None, None)
