"""How errors look."""

import json
from pathlib import Path

from tests.virtual import virtual_time
from tests.wards import simulated_ward

JSON = {"Content-Type": "application/json"}


@virtual_time()
async def test_half_a_character_is_refused(tmp_path: Path) -> None:
    whole = {"bed": "bed-1", "patient": "P-017", "regimen": "esketamine-84", "by": "nurse.a"}
    async with simulated_ward(tmp_path) as ward:
        for field in whole:
            body = json.dumps(whole | {field: "\ud800"})
            answer = await ward.http.post("/api/v1/sessions", content=body, headers=JSON)
            assert answer.status_code == 422
            assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]
