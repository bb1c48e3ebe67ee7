"""Holds every request to who sent it: a machine's token, or the cookies of a browser.

While there are no users everybody is let through, as whoever they say they are. Which role may do
what is in `api.permissions`, and who somebody is in `monitor.access`.
"""

import json
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from fastapi import Request

from api.permissions import PERMISSIONS, RECORDS, ROLES, Needs
from api.problems import ProblemError
from api.schemas import FieldError
from monitor.access import AccessControl, Principal, Role, What

PERSON: Final = "postdose_person"
STATION: Final = "postdose_station"
"""The cookies: who is signed in, and the station that knows them."""

A_STATION: Final = "(a station)"
"""Who looks where nobody is signed in."""

ABOUT: Final = {"bed", "session"}
"""The parameters that say whose record it is."""

MOST_TOLD: Final = 300

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})

Authorize = Callable[[Request], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who sent a request, as long as it is being answered."""

    access: AccessControl
    request: Request
    needs: Needs | None

    @property
    def principal(self) -> Principal | None:
        """Who it is now, by what is known without waiting; None for nobody."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return self.access.machine(token.strip())
        cookies = self.request.cookies
        person = self.access.person(cookies[PERSON]) if PERSON in cookies else None
        return person or self.access.station(cookies.get(STATION, ""))

    def is_permitted(self) -> bool:
        """Whether it still is; for an answer that lasts. Waits for nothing."""
        self.access.glance()
        if self.access.is_open or self.needs is Needs.NOTHING:
            return True
        who = self.principal
        return who is not None and self.needs is not None and who.role in ROLES[self.needs]


def authorization(access: AccessControl) -> Authorize:
    """What refuses a request that its sender may not make. Raises `ProblemError`: 401, 403."""

    async def authorize(request: Request) -> None:
        await access.look()
        needs = PERMISSIONS.get(request.scope["route"].name)
        visit = Visit(access, request, needs)
        request.state.visit = visit
        if access.is_open:
            return
        if request.method not in SAFE and _is_foreign(request):
            raise ProblemError(403, "another page sent this: act on the page of this ward")
        if needs is Needs.NOTHING:
            return
        who, what = visit.principal, What.LOOKED if needs is Needs.READING else What.DID
        try:
            who = _checked(visit)
            if what is What.DID:
                _check_names(who, await _body(request))
        except ProblemError:
            what = What.DENIED
            raise
        finally:
            if what is not What.LOOKED or request.scope["route"].name in RECORDS:
                note(access, request, who, what)

    return authorize


def note(access: AccessControl, request: Request, who: Principal | None, what: What) -> None:
    """Write down who did that; of one whom nobody knows nothing can be said."""
    if who is not None:
        asked = {name: request.query_params[name] for name in ABOUT & request.query_params.keys()}
        about = "&".join([request.url.path, *(f"{name}={value}" for name, value in asked.items())])
        access.log.note(who.name or A_STATION, what, about[:MOST_TOLD], address_of(request))


def address_of(request: Request) -> str:
    """Whence it came."""
    return "" if request.client is None else request.client.host


def at_bedside(request: Request, name: str) -> str:
    """The name, as it is kept, of somebody who may take a bed over; while all act, any name.

    Raises `ProblemError` where nobody has it.
    """
    visit: Visit | None = getattr(request.state, "visit", None)
    if visit is None or visit.access.is_open:
        return name
    roles = ROLES[Needs.CARE]
    if (found := visit.access.person_named(name, roles)) is not None:
        return found
    who = visit.principal
    others = [other for other in visit.access.names(roles) if who is None or other != who.name]
    message = f"{name} is nobody who can take over; there is {' or '.join(others) or 'nobody else'}"
    raise ProblemError(422, message, (FieldError(field="to", message=message),))


def is_permitted(request: Request) -> bool:
    """Whether whoever sent `request` may still have its answer."""
    visit = getattr(request.state, "visit", None)
    return visit is None or visit.is_permitted()


def _checked(visit: Visit) -> Principal:
    who, needs = visit.principal, visit.needs
    if who is None or (who.name is None and needs is not Needs.READING):
        raise ProblemError(
            401,
            visit.access.closed_because
            or "nobody is signed in: send a token, or sign in on the page",
            code="sign-in",
            headers={"WWW-Authenticate": "Bearer"},
        )
    roles = ROLES[needs] if needs is not None else frozenset()
    if who.role not in roles:
        allowed = " or ".join(role.with_article for role in Role if role in roles) or "nobody"
        raise ProblemError(403, f"{who.name} is {who.role.with_article}: this is for {allowed}")
    return who


def _is_foreign(request: Request) -> bool:
    """Whether a browser sends it for a page that is not this daemon's.

    A program says nothing of pages. What comes with a cookie has to say.
    """
    if (site := request.headers.get("Sec-Fetch-Site")) is not None:
        return site != "same-origin"
    if (origin := request.headers.get("Origin")) is not None:
        return urlsplit(origin).netloc != request.headers.get("Host")
    return not {PERSON, STATION}.isdisjoint(request.cookies)


async def _body(request: Request) -> Any:
    try:
        return json.loads(await request.body())
    except ValueError:
        return None


def _check_names(who: Principal, body: Any) -> None:
    """Refuses a body in another's name, and a clinician's decision from anybody else."""
    by = body.get("by") if isinstance(body, dict) else None
    if isinstance(by, str) and not who.is_called(by):
        raise _refusal("by", f"{who.name} is signed in, not {by.strip()}")
    for field, clinician in _said(body, "clinician"):
        if clinician is None:
            continue
        if who.role is not Role.CLINICIAN:
            raise _refusal(
                field, f"{who.name} is {who.role.with_article}: a clinician decides this, signed in"
            )
        if isinstance(clinician, str) and not who.is_called(clinician):
            raise _refusal(field, f"{who.name} is signed in, not {clinician.strip()}")


def _refusal(field: str, message: str) -> ProblemError:
    return ProblemError(403, message, (FieldError(field=field, message=message),))


def _said(body: Any, key: str, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every value of that key, however deep, and where it is."""
    inner = dict(enumerate(body)) if isinstance(body, list) else body
    for name, value in inner.items() if isinstance(inner, dict) else ():
        if name == key:
            yield f"{place}{name}", value
        yield from _said(value, key, f"{place}{name}.")
