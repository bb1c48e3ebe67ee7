"""What supervisors and Prometheus ask."""

from pathlib import Path

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
