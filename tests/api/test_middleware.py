"""What every request meets: the host it names, and how much it may hold."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api import create_app
from api.middleware import MAX_BODY_BYTES
from tests.virtual import virtual_time
from tests.wards import simulated_ward

JSON = {"Content-Type": "application/json"}


@virtual_time()
async def test_a_page_elsewhere_cannot_reach_the_ward_by_a_name_of_its_own(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.get("/api/v1/beds", headers={"Host": "evil.example"})
        assert answer.status_code == 400


@virtual_time()
async def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        for body in (b"[" * (MAX_BODY_BYTES + 1), _undeclared(MAX_BODY_BYTES + 1)):
            answer = await ward.http.post("/api/v1/sessions", content=body)
            assert answer.status_code == 413
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert str(MAX_BODY_BYTES) in answer.json()["detail"]


async def _undeclared(size: int) -> AsyncIterator[bytes]:
    """A body whose length no header tells."""
    for start in range(0, size, 1000):
        yield b"[" * min(1000, size - start)


@virtual_time()
async def test_a_body_of_the_largest_size_is_read(tmp_path: Path) -> None:
    body = b"{}".ljust(MAX_BODY_BYTES)
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.post("/api/v1/sessions", content=body, headers=JSON)
        assert answer.status_code == 422
        assert "bed" in [wrong["field"] for wrong in answer.json()["errors"]]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])
def test_the_ward_is_reached_at_its_configured_host(host: str, tmp_path: Path) -> None:
    named = f"[{host}]" if ":" in host else host

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            transport = httpx.ASGITransport(create_app(ward.ward, version="test", host=host))
            async with httpx.AsyncClient(transport=transport) as http:
                assert (await http.get(f"http://{named}:8600/healthz")).status_code == 200
                assert (await http.get("http://testserver/healthz")).status_code == 400

    run()
