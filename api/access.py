"""Signing in and out over HTTP, and who is signed in.

The credentials are cookies that no script can read and no other site can have sent. What they are
good for is checked in `api.authorization`.
"""

from collections.abc import Awaitable
from datetime import timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response

from api.authorization import PERSON, STATION, address_of
from api.problems import COMMAND_ERRORS, ProblemError
from api.schemas.access import Access, SignIn, Unlock
from monitor.access import (
    STATION_FOR,
    AccessControl,
    AccessError,
    SignedIn,
    ThrottledError,
    What,
    WrongError,
)

LOCK_AFTER_S: Final = 120
"""After how long without a touch the page signs a person out; the station stays."""


def router(control: AccessControl | None, *, encrypted: bool) -> APIRouter:
    """Signing in and out, for `control`; None where nobody signs in."""
    routes = APIRouter(prefix="/access", tags=["access"])

    @routes.get("", response_model=Access)
    async def get_access(request: Request) -> Any:
        """Who asks, and how to sign in."""
        return _access(control, request.cookies)

    _add_signing_in(routes, control, encrypted=encrypted)
    _add_signing_out(routes, control)
    return routes


def _access(control: AccessControl | None, cookies: dict[str, str]) -> dict[str, Any]:
    found: dict[str, Any] = {
        "person": None,
        "station": False,
        "people": [],
        "lock_after_s": LOCK_AFTER_S,
    }
    if control is None or control.is_open:
        return found | {"sign_in": "none"}
    person = control.person(cookies.get(PERSON, ""))
    station = cookies.get(STATION, "")
    return found | {
        "sign_in": "needed",
        "person": None if person is None else {"name": person.name, "role": person.role.value},
        "station": control.station(station) is not None,
        "people": control.people_at(station),
    }


def _add_signing_in(routes: APIRouter, control: AccessControl | None, *, encrypted: bool) -> None:
    def answer(request: Request, response: Response, signed_in: SignedIn) -> dict[str, Any]:
        _keep(response, PERSON, signed_in.person, None, secure=encrypted)
        given = {PERSON: signed_in.person}
        if signed_in.station is not None:
            _keep(response, STATION, signed_in.station, STATION_FOR, secure=encrypted)
            given[STATION] = signed_in.station
        return _access(control, request.cookies | given)

    @routes.post("/sign-in", response_model=Access, responses=COMMAND_ERRORS)
    async def sign_in(body: SignIn, request: Request, response: Response) -> Any:
        """Sign in with a password; from then on the station shows the ward, and takes a PIN."""
        by = _users(control).sign_in(body.name, body.password, *_whence(request))
        found = await _signed_in(control, request, body.name, by, What.SIGNED_IN)
        return answer(request, response, found)

    @routes.post("/unlock", response_model=Access, responses=COMMAND_ERRORS)
    async def unlock(body: Unlock, request: Request, response: Response) -> Any:
        """Sign in with a PIN, where one has signed in with a password before."""
        by = _users(control).unlock(body.name, body.pin, *_whence(request))
        found = await _signed_in(control, request, body.name, by, What.OPENED)
        return answer(request, response, found)


def _whence(request: Request) -> tuple[str, str | None]:
    """The address that it comes from, and the credential of its station."""
    return address_of(request), request.cookies.get(STATION)


async def _signed_in(
    control: AccessControl | None,
    request: Request,
    name: str,
    signing_in: Awaitable[SignedIn],
    what: What,
) -> SignedIn:
    """Who has signed in, written down with what was wrong. Raises `ProblemError`."""
    try:
        found = await signing_in
    except AccessError as error:
        if isinstance(error, WrongError):
            _note(control, request, name, What.WRONG)
        raise _refusal(error) from error
    _note(control, request, found.principal.name, what)
    return found


def _add_signing_out(routes: APIRouter, control: AccessControl | None) -> None:
    async def end(request: Request, response: Response, *ended: str) -> dict[str, Any]:
        if control is not None and PERSON in request.cookies:
            if (who := control.person(request.cookies[PERSON])) is not None:
                what = What.SIGNED_OUT if STATION in ended else What.LOCKED
                _note(control, request, who.name, what)
            await control.end_sign_in(request.cookies[PERSON])
        if control is not None and STATION in ended and STATION in request.cookies:
            await control.forget_station(request.cookies[STATION])
        for name in ended:
            response.delete_cookie(name, path="/", httponly=True, samesite="strict")
        return _access(control, {k: v for k, v in request.cookies.items() if k not in ended})

    @routes.post("/lock", response_model=Access, responses=COMMAND_ERRORS)
    async def lock_station(request: Request, response: Response) -> Any:
        """Sign the person out, at once and for good; the station goes on showing the ward."""
        return await end(request, response, PERSON)

    @routes.post("/sign-out", response_model=Access, responses=COMMAND_ERRORS)
    async def sign_out(request: Request, response: Response) -> Any:
        """Sign the person out, and have the station know nobody any more."""
        return await end(request, response, PERSON, STATION)


def _users(control: AccessControl | None) -> AccessControl:
    """Where people sign in. Raises `ProblemError` where nobody can."""
    if control is None:
        raise ProblemError(409, "nobody signs in here")
    if (why := control.closed_because) is not None:
        raise ProblemError(409, why)
    return control


def _keep(
    response: Response, name: str, secret: str, lasts: timedelta | None, *, secure: bool
) -> None:
    seconds = None if lasts is None else int(lasts.total_seconds())
    response.set_cookie(
        name, secret, max_age=seconds, path="/", httponly=True, samesite="strict", secure=secure
    )


def _note(control: AccessControl | None, request: Request, name: str | None, what: What) -> None:
    if control is not None and name is not None:
        control.log.note(name, what, request.url.path, address_of(request))


def _refusal(error: AccessError) -> ProblemError:
    if isinstance(error, ThrottledError):
        return ProblemError(429, str(error), headers={"Retry-After": f"{error.retry_s:.0f}"})
    return ProblemError(401, str(error), code="wrong", headers={"WWW-Authenticate": "Bearer"})
