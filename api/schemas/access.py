"""Who is signed in, and signing in and out."""

from typing import Literal

from pydantic import ConfigDict, Field

from api.schemas.fields import PersonName, described
from api.schemas.model import Request, Response
from monitor.access import Role


class Person(Response):
    """Somebody who is signed in."""

    name: str = described("The name under which they act.", "nurse.a")
    role: Literal["viewer", "nurse", "clinician", "admin"] = described(
        "What they are.", Role.NURSE.value
    )


class Access(Response):
    """Who asks, and who may sign in how."""

    sign_in: Literal["none", "needed"] = described(
        "`none` while there are no users: anybody acts under any name.", "needed"
    )
    person: Person | None = described("Who is signed in; null for nobody.")
    station: bool = described(
        "Whether somebody has signed in here before: it shows the ward then.", True
    )
    people: list[str] = described("Who can open this station with a PIN.", ["nurse.a"])
    lock_after_s: int = described(
        "After how long without a touch the page signs a person out, in seconds.", 120
    )


class SignIn(Request):
    """Sign in with a password."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"name": "nurse.a", "password": "tulip stairs november"}]}
    )

    name: PersonName = described("The name that was given to `postdose user add`.", "nurse.a")
    password: str = Field(
        description="The password.",
        examples=["tulip stairs november"],
        min_length=1,
        max_length=200,
    )


class Unlock(Request):
    """Sign in with a PIN, at a station where one has signed in with a password before."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "nurse.a", "pin": "2580"}]})

    name: PersonName = described("One of the station's `people`.", "nurse.a")
    pin: str = Field(
        description="The PIN, 4 to 8 digits.", examples=["2580"], min_length=1, max_length=8
    )
