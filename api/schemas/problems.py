"""The body of every error (RFC 9457)."""

from api.schemas.fields import described
from api.schemas.model import Response


class FieldError(Response):
    """One field of a request that is wrong."""

    field: str = described("Which field, with dots where it is nested.", "override.clinician")
    message: str = described("What is wrong with it.", "Field required")


class Problem(Response):
    """What went wrong and how to mend it (RFC 9457)."""

    type: str = described(
        "The kind of problem: none has a page.", "about:blank", default="about:blank"
    )
    title: str = described("The status in words.", "Not Found")
    status: int = described("The HTTP status.", 404)
    detail: str = described(
        "What is wrong, and how to mend it.", "no bed bed-9; there are: bed-1, bed-2"
    )
    code: str | None = described(
        "Which problem it is, where a program may go by that: `under-way`, the same request is "
        "still being carried out; send it again. `sign-in`, nobody is signed in; "
        "`wrong`, the password or PIN is.",
        "under-way",
        default=None,
    )
    instance: str | None = described("The path of the request.", "/api/v1/beds/bed-9", default=None)
    errors: list[FieldError] = described("The fields that are wrong.", default=[])
