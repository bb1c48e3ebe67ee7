"""`postdose user` and `postdose token`: who may act. They may be used beside a running daemon."""

import asyncio
import contextlib
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from monitor.cli.site import Config, Failure, settings_of

if TYPE_CHECKING:
    from pathlib import Path

    from monitor.access import AccessStore

user = typer.Typer(help="People who sign in.", no_args_is_help=True)
token = typer.Typer(help="Tokens of machines.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="As it will stand in the records.")]
RoleName = Annotated[str, typer.Option("--role", help="viewer, nurse, clinician or admin.")]


@contextlib.contextmanager
def _store(config: "Path") -> Iterator["AccessStore"]:
    """Who may act at the site; what is refused is said in one line."""
    from monitor.access import AccessError, AccessStore
    from monitor.journal import StoreError

    try:
        yield AccessStore(settings_of(config).store.url)
    except (AccessError, StoreError) as error:
        raise Failure(str(error)) from error


def _role(name: str) -> Any:
    from monitor.access import Role

    try:
        return Role(name)
    except ValueError:
        raise typer.BadParameter(f"{name}: choose one of {', '.join(Role)}") from None


def _now() -> datetime:
    from drivers.clock import Clock

    return Clock().now().wall


def _secret(what: str) -> str:
    """A password or PIN: asked for twice at a terminal, else the first line that comes in."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\n")


@user.command()
def add(name: Name, role: RoleName, config: Config) -> None:
    """Add a person, with a password. From the first one on everybody has to sign in."""
    from monitor.access import new_account

    with _store(config) as store:
        account = new_account(name, _role(role), _secret("Password"), _now())
        is_first = store.add_account(account)
    print(f"{account.name} is {account.role.with_article}")
    if is_first:
        print("from now on everybody who acts, and who reads, has to sign in")


@user.command("list")
def list_users(config: Config) -> None:
    """List everybody, with their roles."""
    from monitor.access import MISSING

    with _store(config) as store:
        accounts, was_marked = store.read().accounts, store.mark.is_set
    for one in accounts:
        pin = "PIN" if one.pin_hash else "no PIN"
        gone = "" if one.disabled_at is None else f"  disabled {one.disabled_at:%Y-%m-%d}"
        print(f"{one.name:<24} {one.role:<10} {pin:<7} since {one.since:%Y-%m-%d}{gone}")
    if not accounts:
        none = MISSING if was_marked else "anybody acts under any name; postdose user add"
        print(f"no users: {none}", file=sys.stderr)


@user.command()
def disable(name: Name, config: Config) -> None:
    """Let a person act no more: every sign-in of theirs ends at once."""
    from drivers.clock import rfc3339

    with _store(config) as store:
        at = rfc3339(_now())
        print(f"{store.change_account(name, ends_sign_ins=True, disabled_at=at).name} is disabled")


@user.command()
def enable(name: Name, config: Config) -> None:
    """Let a person act again, who was disabled."""
    with _store(config) as store:
        print(f"{store.change_account(name, disabled_at=None).name} may sign in")


@user.command()
def role(
    name: Name, role: Annotated[str, typer.Argument(help="The new role.")], config: Config
) -> None:
    """Give a person another role, from now on."""
    with _store(config) as store:
        new = _role(role)
        print(f"{store.change_account(name, role=new).name} is {new.with_article} now")


@user.command()
def password(name: Name, config: Config) -> None:
    """Give a person another password; where they are signed in they have to sign in anew."""
    from monitor.access.admission import password_hash

    with _store(config) as store:
        hashed = password_hash(name, _secret("Password"))
        changed = store.change_account(name, ends_sign_ins=True, password_hash=hashed)
        print(f"{changed.name} has another password")


@user.command()
def pin(name: Name, config: Config) -> None:
    """Give a person a PIN, which opens a station where they have used their password before."""
    from monitor.access.admission import pin_hash

    with _store(config) as store:
        hashed = pin_hash(_secret("PIN"))
        print(f"{store.change_account(name, pin_hash=hashed).name} has that PIN now")


@user.command("forget-all")
def forget_all(
    config: Config, yes: Annotated[bool, typer.Option("--yes", help="Without asking.")] = False
) -> None:
    """Delete everybody and every token: from the next start on nobody signs in here."""
    if not yes:
        typer.confirm("Delete every user and token of this site?", abort=True)
    with _store(config) as store:
        store.forget_all()
    print(
        "nobody is a user any more; restart Postdose: then anybody on this machine may act, "
        "but not where api.needs_users is true"
    )


@user.command()
def log(
    config: Config,
    who: Annotated[str | None, typer.Option(help="Only of this person or machine.")] = None,
    patient: Annotated[
        str | None, typer.Option(help="Only what was looked at, or done, of this patient.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=36500, help="How many days back.")] = 7,
) -> None:
    """Say who signed in, looked at a patient's record, did something, or was refused."""
    with _store(config) as store:
        found = store.entries(_now() - timedelta(days=days), who)
        marks = None if patient is None else asyncio.run(_marks(config, patient))
    for one in found:
        if marks is None or any(mark in f"{one.about}/" for mark in marks):
            at = f"{one.at:%Y-%m-%d %H:%M:%S}"
            print(f"{at}  {one.who:<24} {one.what:<10} {one.about}  {one.address}")


async def _marks(config: "Path", patient: str) -> list[str]:
    """What stands in the paths about that patient. Raises `StoreError`."""
    from urllib.parse import quote

    from monitor.journal import JournalReader

    journal = JournalReader.open_to_read(settings_of(config).store.url)
    try:
        started = await journal.of_patient(patient, {"session.started"})
    finally:
        await journal.close()
    sessions = [mark for one in started for mark in _of_session(str(one.event.session))]
    return [f"/patients/{name}/" for name in (patient, quote(patient))] + sessions


def _of_session(session: str) -> tuple[str, str]:
    return f"/sessions/{session}/", f"session={session}"


@token.command()
def create(
    name: Name,
    config: Config,
    role: Annotated[
        str, typer.Option("--role", help="viewer reads; nurse also records, under this name.")
    ] = "viewer",
    expires: Annotated[
        str, typer.Option("--expires", help="90d, or the last day, as 2027-01-31.")
    ] = "365d",
) -> None:
    """Make a token for a machine. It is shown once, and stored hashed."""
    from monitor.access import new_token

    with _store(config) as store:
        made, secret = new_token(name, _role(role), expires, _now())
        store.add_token(made)
    print(secret)
    print(
        f"{made.name}: {made.role} until {made.until:%Y-%m-%d %H:%M} UTC; send it as "
        "Authorization: Bearer …; it is not shown again",
        file=sys.stderr,
    )


@token.command("list")
def list_tokens(config: Config) -> None:
    """List the tokens, without their secrets."""
    now = _now()
    with _store(config) as store:
        tokens = store.read().tokens
    for one in tokens:
        over = "expired" if one.until <= now else "expires"
        end = f"{over} {one.until:%Y-%m-%d}"
        end = end if one.revoked_at is None else f"revoked {one.revoked_at:%Y-%m-%d}"
        print(f"{one.name:<24} {one.role:<10} since {one.since:%Y-%m-%d}  {end}")
    if not tokens:
        print("no tokens", file=sys.stderr)


@token.command()
def revoke(name: Name, config: Config) -> None:
    """Let a token stand for nobody from now on."""
    with _store(config) as store:
        store.revoke_token(name, _now())
    print(f"{name} is revoked")
