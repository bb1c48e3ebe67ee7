"""Parameters that several routes take."""

import re
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


@virtual_time()
async def test_nothing_is_looked_up_by_a_name_with_a_control_character(tmp_path: Path) -> None:
    """A database fails on a NUL, which is no failure of the journal."""
    async with simulated_ward(tmp_path) as ward:
        for path in (
            "beds/%00",
            "sessions/%00",
            "sessions/%00/export",
            "events?session=%00",
            "events?bed=%00",
            "events?type=%00",
            "alarms?state=ended&bed=%00",
        ):
            answer = await ward.http.get(f"/api/v1/{path}")
            assert answer.status_code == 422, path
            assert "U+0000" in answer.json()["detail"]


@virtual_time()
async def test_no_route_takes_a_parameter_that_it_does_not_know(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        paths = (await ward.http.get("/openapi.json")).json()["paths"]
        routes = [
            (method, path)
            for path, methods in paths.items()
            for method in methods
            if path.startswith("/api/v1/")
        ]
        assert {("get", "/api/v1/stream"), ("post", "/api/v1/sessions")} < set(routes)
        for method, path in routes:
            answer = await ward.http.request(method, re.sub("{.*?}", "x", path) + "?nonsense=1")
            assert answer.status_code == 422, path
            assert answer.headers["content-type"] == "application/problem+json"
            assert [wrong["field"] for wrong in answer.json()["errors"]] == ["nonsense"]


@virtual_time()
async def test_a_misspelt_parameter_is_told_which_there_are(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.get("/api/v1/alarms?state=ended&limt=3&bed=bed-1&Bed=bed-2")
        assert answer.status_code == 422
        assert [wrong["field"] for wrong in answer.json()["errors"]] == ["limt", "Bed"]
        assert answer.json()["detail"] == (
            "limt, Bed: no such query parameter; there are: state, bed, after, limit"
        )
