"""The OpenAPI document: complete, and true."""

from pathlib import Path

from tests.virtual import virtual_time
from tests.wards import simulated_ward


@virtual_time()
async def test_the_openapi_document_describes_every_route(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        document = (await ward.http.get("/openapi.json")).json()
        operations = [
            operation for path in document["paths"].values() for operation in path.values()
        ]
        ids = [operation["operationId"] for operation in operations]
        assert len(ids) == len(set(ids))
        assert all("summary" in operation for operation in operations)
        assert {"/api/v1/beds", "/api/v1/stream", "/api/v1/sessions/{session}/doses"} <= set(
            document["paths"]
        )
