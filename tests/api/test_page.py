"""The files of the page: which of them a browser keeps, and when it asks for them again."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette
from starlette.routing import Mount

from api.page import FILES, KEPT, PageFiles, version_of

INDEX = '<link href="./board.css"><script type="module" src="./board.js"></script>'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "views").mkdir()
    for name, text in {"index.html": INDEX, "board.js": "1", "views/tile.js": "2"}.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest_asyncio.fixture
async def client(files: Path) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette(routes=[Mount("/", PageFiles(files))])
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://postdose"
    ) as client:
        yield client


async def version(client: httpx.AsyncClient) -> str:
    found = re.search(r'src="\./(v-\w+)/board\.js"', (await client.get("/")).text)
    assert found is not None
    return found[1]


async def test_the_document_names_the_version_and_is_not_kept(client: httpx.AsyncClient) -> None:
    for path in ("/", "/index.html"):
        answer = await client.get(path)
        assert answer.headers["Content-Type"].startswith("text/html")
        assert f'href="./{await version(client)}/board.css"' in answer.text
        assert "ETag" not in answer.headers
        assert "Cache-Control" not in answer.headers
    assert (await client.post("/")).status_code == 405


async def test_a_file_of_this_version_is_kept(client: httpx.AsyncClient) -> None:
    own = await version(client)
    for file, text in (("board.js", "1"), ("views/tile.js", "2")):
        answer = await client.get(f"/{own}/{file}")
        assert (answer.text, answer.headers["Cache-Control"]) == (text, KEPT)


async def test_without_a_version_and_of_another_the_present_file_is_not_kept(
    client: httpx.AsyncClient,
) -> None:
    for path in ("/board.js", f"/v-{'0' * 16}/board.js"):
        answer = await client.get(path)
        assert answer.text == "1"
        assert "Cache-Control" not in answer.headers


async def test_what_is_not_there_is_not_kept_either(client: httpx.AsyncClient) -> None:
    own = await version(client)
    for path in (f"/{own}/other.js", f"/{own}/../../etc/passwd", f"/{own}/", f"/{own}/index.html"):
        answer = await client.get(path)
        assert answer.status_code == 404
        assert "Cache-Control" not in answer.headers


async def test_an_edited_file_has_another_address_at_the_next_load(
    client: httpx.AsyncClient, files: Path
) -> None:
    before = await version(client)
    (files / "views/tile.js").write_text("3")
    after = await version(client)
    assert before != after
    assert (await client.get(f"/{after}/views/tile.js")).headers["Cache-Control"] == KEPT
    assert "Cache-Control" not in (await client.get(f"/{before}/views/tile.js")).headers


def test_a_version_is_of_names_and_contents(files: Path) -> None:
    versions = {version_of(files)}
    (files / "board.js").rename(files / "bed.js")
    versions.add(version_of(files))
    (files / "bed.js").write_text("4")
    versions.add(version_of(files))
    assert len(versions) == 3
    assert version_of(files) in versions


def test_every_file_that_the_document_names_is_there() -> None:
    named = re.findall(r'(?:href|src)="([^"]*)"', (FILES / "index.html").read_text())
    assert named
    for name in named:
        assert name.startswith("./")
        assert (FILES / name).is_file()
