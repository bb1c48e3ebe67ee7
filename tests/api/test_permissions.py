"""Who may do what: every route with every role, and nobody."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import httpx
from fastapi.routing import iter_route_contexts

from api.permissions import PERMISSIONS, Needs
from tests.api.people import PEOPLE, People, peopled_ward
from tests.virtual import virtual_time

PAGE: Final = Path(__file__).parents[2] / "docs/reference/access.md"
NOBODY, STATION = "nobody", "a locked station"
MACHINES: Final = ("wall", "gateway")
EVERYBODY: Final = (NOBODY, STATION, *PEOPLE, *MACHINES)

MAY: Final = {
    Needs.NOTHING: set(EVERYBODY),
    Needs.READING: set(EVERYBODY) - {NOBODY},
    Needs.CARE: {"nurse.a", "dr.b", "gateway"},
    Needs.DECISION: {"dr.b"},
}
WITHOUT_ROLES: Final = {"openapi", "page"}
"""What describes the interface, and the files of the page: they hold nothing of anybody."""

ENDLESS: Final = {"open_stream"}
CHANGES_WHO_ASKS: Final = {"sign_in", "unlock", "lock_station", "sign_out"}


@virtual_time()
async def test_every_route_has_its_line(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people:
        routes = {str(route.name) for route in iter_route_contexts(people.app.routes)}
        assert routes - WITHOUT_ROLES == set(PERMISSIONS)


def requests(document: Any) -> Iterator[tuple[str, str, str, Any]]:
    """Every route: its name, method, path, and a body that it takes."""
    schemas = document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            body = operation.get("requestBody")
            model = body and body["content"]["application/json"]["schema"]["$ref"].split("/")[-1]
            example = schemas[model]["examples"][0] if model else None
            yield operation["operationId"], method.upper(), path, example
    yield "get_metrics", "GET", "/metrics", None


async def browsers(people: People) -> dict[str, httpx.AsyncClient]:
    """A client for each that may come."""
    found = {NOBODY: people.client(), STATION: people.at_station("nurse.a")}
    await found[STATION].post("/api/v1/access/lock")
    for name in PEOPLE:
        found[name] = people.at_station(name)
    await people.control.read()
    return found | {name: people.machine(name) for name in MACHINES}


def in_the_name_of(who: str, body: Any) -> Any:
    """The body, with whoever sends it in every place."""
    if not isinstance(body, dict):
        return body
    named = {name: who for name in ("by", "clinician") if name in body}
    return {name: in_the_name_of(who, value) for name, value in body.items()} | named


@virtual_time()
async def test_every_role_may_do_what_the_table_says_and_nothing_else(tmp_path: Path) -> None:
    wrong, seen = [], set()
    async with peopled_ward(tmp_path) as people:
        clients = await browsers(people)
        document = (await clients[NOBODY].get("/openapi.json")).json()
        for name, method, path, body in requests(document):
            seen.add(name)
            may = MAY[PERMISSIONS[name]]
            if name in CHANGES_WHO_ASKS:
                continue
            for who, http in clients.items():
                if name in ENDLESS and who in may:
                    continue
                where = path.replace("{", "").replace("}", "")
                answer = await http.request(method, where, json=in_the_name_of(who, body))
                expected = 401 if who in (NOBODY, STATION) else 403
                refused = answer.status_code in (401, 403)
                if refused == (who in may) or (refused and answer.status_code != expected):
                    wrong.append((name, who, answer.status_code, answer.text))
                if refused:
                    assert answer.headers["Content-Type"] == "application/problem+json"
        for http in clients.values():
            await http.aclose()
    assert wrong == []
    assert seen == set(PERMISSIONS)


@virtual_time()
async def test_the_page_of_documentation_says_the_same(tmp_path: Path) -> None:
    told = {
        route: cells[1]
        for line in PAGE.read_text().splitlines()
        if len(cells := [cell.strip() for cell in line.split("|")]) == 5 and cells[1] in list(Needs)
        for route in re.findall(r"`((?:GET|POST) [^`]+)`", cells[3])
    }
    async with peopled_ward(tmp_path) as people:
        assert told == {
            f"{method} {path.removeprefix('/api/v1')}": PERMISSIONS[name].value
            for name, method, path, _ in requests(people.app.openapi())
        }
