"""Parameters that several routes take."""

from pathlib import Path

import pytest

from tests.virtual import virtual_time
from tests.wards import simulated_ward


@pytest.mark.parametrize("path", ["events?after=", "sessions?before=", "alarms?state=ended&after="])
def test_a_place_that_no_journal_has_is_refused(path: str, tmp_path: Path) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            answer = await ward.http.get(f"/api/v1/{path}9223372036854775808")
            assert answer.status_code == 422

    run()
