"""The regimens over HTTP."""

from pathlib import Path

from tests.virtual import virtual_time
from tests.wards import simulated_ward


@virtual_time()
async def test_each_regimen_says_what_it_asks_for(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        regimens = {one["name"]: one for one in (await ward.get("/regimens"))["items"]}
    assert list(regimens) == ["esketamine-28", "esketamine-56", "esketamine-84", "ketamine-iv"]
    spray, infusion = regimens["esketamine-84"], regimens["ketamine-iv"]
    assert (spray["device_mg"], spray["devices_apart_min"], spray["by_weight"]) == (28, 5, False)
    assert (infusion["device_mg"], infusion["infusion_min"], infusion["by_weight"]) == (
        None,
        40,
        True,
    )
    assert spray["fasting"] == ["food_2h", "liquid_30min", "nasal_1h"]
    assert infusion["fasting"] == []
    assert "hypersensitivity" in spray["contraindications"]
    assert "pregnancy" in spray["cautions"]
