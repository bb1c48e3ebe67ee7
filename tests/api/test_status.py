"""What supervisors and Prometheus ask."""

from pathlib import Path

import pytest

from monitor.journal import journal
from tests.virtual import virtual_time
from tests.wards import simulated_ward


@virtual_time()
async def test_health_readiness_and_metrics(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(5)
        assert (await ward.http.get("/healthz")).json() == {"status": "ok"}
        assert (await ward.http.get("/readyz")).json() == {"status": "ready"}
        metrics = (await ward.http.get("/metrics")).text
        assert 'postdose_device_up{bed="bed-1",device="oximeter"} 1.0' in metrics
        log = next(one for one in metrics.splitlines() if one.startswith("postdose_journal_log"))
        assert float(log.split()[1]) == (tmp_path / "postdose.db-wal").stat().st_size > 0


@virtual_time()
async def test_a_log_that_grows_is_an_alarm_until_it_is_written_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with simulated_ward(tmp_path) as ward:

        async def told() -> set[str]:
            await ward.clock.sleep(70)
            return {one["rule"] for one in (await ward.http.get("/api/v1/alarms")).json()["items"]}

        assert "tech.journal-growing" not in await told()
        monkeypatch.setattr(journal, "LONGEST_LOG", 0)
        assert "tech.journal-growing" in await told()
        monkeypatch.setattr(journal, "LONGEST_LOG", 64 * 2**20)
        assert "tech.journal-growing" not in await told()
