"""The files of the page, each under an address that changes when one of them does.

The page has some hundred modules. Under an address with their version a browser keeps them and
asks for none of them again, so that a reload at a slow link costs what the ward's state costs.
The document itself names the version and is never kept.
"""

import hashlib
import re
from importlib import resources
from pathlib import Path
from typing import Final

from anyio.to_thread import run_sync
from starlette.exceptions import HTTPException
from starlette.responses import HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

FILES: Final = Path(str(resources.files("api").joinpath("static")))

KEPT: Final = "public, max-age=31536000, immutable"

_VERSIONED: Final = re.compile(r"v-([0-9a-f]{16})/(.+)")


class PageFiles(StaticFiles):
    """Serves `directory`; its `index.html` refers to the other files by `./`."""

    def __init__(self, directory: Path = FILES) -> None:
        super().__init__(directory=directory, html=True)
        self._files = directory
        self._version: str | None = None

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The document, or a file; raises `HTTPException` as `StaticFiles` does.

        A file of another version, which a page asks for that was open before, is the present one.
        """
        if path in (".", "index.html") and scope["method"] in ("GET", "HEAD"):
            return HTMLResponse(await run_sync(self._document))
        versioned = _VERSIONED.fullmatch(path)
        if versioned is None:
            return await super().get_response(path, scope)
        version, file = versioned.groups()
        if file == "index.html":
            raise HTTPException(404)
        response = await super().get_response(file, scope)
        if version == self._version:
            response.headers["Cache-Control"] = KEPT
        return response

    def _document(self) -> str:
        """Of the files as they are: one that was edited has its new version at the next load."""
        self._version = version_of(self._files)
        text = (self._files / "index.html").read_text(encoding="utf-8")
        return text.replace('="./', f'="./v-{self._version}/')


def version_of(directory: Path) -> str:
    """The same for the same files, in 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for file in sorted(file for file in directory.rglob("*") if file.is_file()):
        content = hashlib.sha256(file.read_bytes()).hexdigest()
        digest.update(f"{file.relative_to(directory).as_posix()} {content}\n".encode())
    return digest.hexdigest()[:16]
