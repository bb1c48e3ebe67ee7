"""A page for paper: a template and its style in one HTML file, and the same as a PDF. Pure."""

import hashlib
from base64 import b64encode
from importlib import resources
from typing import Any

from jinja2 import Environment, StrictUndefined


class PrintedPage:
    """The page of a package that has `page.html` and `page.css`.

    Jinja2 escapes whatever is put into it. `content_policy` lets it have its own style, and
    nothing else at all.
    """

    def __init__(self, package: str) -> None:
        files = resources.files(package)
        self._style = files.joinpath("page.css").read_text(encoding="utf-8")
        self._template = Environment(autoescape=True, undefined=StrictUndefined).from_string(
            files.joinpath("page.html").read_text(encoding="utf-8")
        )
        digest = b64encode(hashlib.sha256(self._style.encode()).digest()).decode()
        self.content_policy = f"default-src 'none'; style-src 'sha256-{digest}'"

    def render(self, **values: Any) -> str:
        """The page with `values` in it."""
        return self._template.render(style=self._style, policy=self.content_policy, **values)


class NoPdfError(Exception):
    """What makes a PDF is not installed; the message says how to mend it."""


def as_pdf(page: str) -> bytes:
    """`page` as a PDF. Raises `NoPdfError`."""
    try:
        from weasyprint import HTML  # type: ignore[import-untyped]
    except (ImportError, OSError) as error:
        raise NoPdfError(
            f"no PDF can be made: {error}; install postdose[pdf] and libpango, or print the page"
        ) from error
    pdf: bytes = HTML(string=page).write_pdf()
    return pdf
