"""The command line: `postdose`.

Exit status: 0 done, 1 the thing asked for failed, 2 usage. Errors are one line on standard
error that says what and how to mend it.
"""

import asyncio
import contextlib
import sys
from collections.abc import Callable, Coroutine, Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from monitor import __version__, versions
from monitor.cli.people import token, user
from monitor.cli.site import Config, Failure, complain, settings_of
from simulators.cli import simulate

if TYPE_CHECKING:
    from alerts.rules import Severity
    from monitor.cli.exports import Format

app = typer.Typer(
    name="postdose",
    help="Watches patients after esketamine or ketamine. Not a certified medical device.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
db = typer.Typer(help="The journal's database.", no_args_is_help=True)
journal = typer.Typer(help="The journal's chain of events.", no_args_is_help=True)
forms = typer.Typer(help="Monitoring forms.", no_args_is_help=True)
app.add_typer(db, name="db")
app.add_typer(forms, name="forms")
app.add_typer(journal, name="journal")
app.add_typer(user, name="user")
app.add_typer(token, name="token")
app.command()(simulate)

WIDE = 150
"""A rule set is printed so many characters wide: they fit a sheet of A4 across."""


def main() -> None:
    """Run the command that the arguments name."""
    try:
        status = app(prog_name="postdose", standalone_mode=False)
    except Failure as failure:
        complain(failure)
        sys.exit(1)
    except typer.TyperException as error:
        complain(_of_usage(error))
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(1)
    sys.exit(status)


def _of_usage(error: typer.TyperException) -> str:
    """What is wrong with the arguments, in one line."""
    context: typer.Context | None = getattr(error, "ctx", None)
    command = "postdose" if context is None else context.command_path
    message = " ".join(error.format_message().split()).removesuffix(".") or "name a command"
    return f"{message}; see {command} --help"


def _version(wanted: bool) -> None:
    if wanted:
        print(f"postdose {__version__}")
        for difference in versions.differing():
            complain(f"not tested with {difference}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    pass


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run `work` on the fast event loop; a failure to start is said in one line."""
    import uvloop

    from monitor.daemon import StartError

    failure: BaseException | None = None
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work)
    except* StartError as failures:
        failure = _first(failures)
    if failure is not None:
        raise Failure(str(failure)) from failure


def _first(error: BaseException) -> BaseException:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


@app.command()
def demo(
    beds: Annotated[int, typer.Option(min=1, max=24, help="How many beds.")] = 4,
    speed: Annotated[
        float, typer.Option(min=0.1, max=120, help="How many times as fast as real time.")
    ] = 60.0,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Where the page is.")] = 8600,
    mqtt_port: Annotated[int, typer.Option(min=1, max=65535, help="Where the broker is.")] = 1883,
    broker: Annotated[
        bool, typer.Option("--broker/--no-broker", help="Bring a broker, or use the one there.")
    ] = True,
) -> None:
    """Show a whole ward of simulated patients, live."""
    from monitor import logs
    from monitor.cli.demo import run

    logs.configure(level="error")
    _run(
        run(
            beds=beds,
            speed=speed,
            port=port,
            mqtt_port=mqtt_port,
            broker=broker,
            say=lambda line: print(line, flush=True),
        )
    )


@app.command()
def run(
    config: Config,
    speed: Annotated[
        float,
        typer.Option(min=0.1, max=600, help="For tests and training: the daemon's clock runs so."),
    ] = 1.0,
) -> None:
    """Watch the beds of a site until interrupted."""
    from monitor import logs
    from monitor.daemon import run as run_daemon

    settings = settings_of(config)
    logs.configure(settings.log.format, settings.log.level)
    _run(run_daemon(settings, speed=speed))


@app.command()
def check(config: Config) -> None:
    """Validate a site's file, open every port, ask every device who it is."""
    from alerts.rules import Severity
    from monitor.cli.check import check_site

    settings = settings_of(config)
    with _findings() as say:
        say(Severity.OK, f"{config}: beds {', '.join(bed.id for bed in settings.beds) or 'none'}")
        _run(check_site(settings, say))


@contextlib.contextmanager
def _findings() -> Iterator[Callable[["Severity", str], None]]:
    """Something to say findings with, a line each; at its end, a failure if there was a fault."""
    from alerts.rules import Severity

    found: list[Severity] = []

    def say(level: Severity, line: str) -> None:
        found.append(level)
        print(f"{level:<4}  {line}", flush=True)

    yield say
    if faults := found.count(Severity.FAULT):
        raise Failure(f"{faults} of {len(found)} findings need mending")


@app.command()
def replay(
    session: Annotated[str, typer.Argument(help="The session's id.")],
    config: Config,
    rules: Annotated[
        Path | None, typer.Option("--rules", help="Another rule set: what would it have done?")
    ] = None,
) -> None:
    """Run a recorded session again: the same events, or the alarms under other rules."""
    from rich.console import Console

    from monitor.replay import run_replay

    with _reading():
        if not run_replay(settings_of(config).store.url, session, rules, Console()):
            raise Failure(f"session {session} did not give the same again")


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """What cannot be read or run again is said in one line."""
    from alerts.rules import RuleError
    from monitor.journal import StoreError
    from monitor.replay import ReplayError

    try:
        yield
    except (ReplayError, RuleError, StoreError) as error:
        raise Failure(str(error)) from error


@app.command()
def devices() -> None:
    """List the devices that Postdose knows."""
    from drivers.registry import DRIVERS

    for driver in DRIVERS.values():
        vitals = ", ".join(sorted(driver.vitals))
        names = [dialect.name for dialect in driver.dialects]
        dialects = f"  dialects: {', '.join(names)}" if len(names) > 1 else ""
        print(f"{driver.name:<10} {driver.title:<36} {vitals}{dialects}")


@app.command()
def ports() -> None:
    """List this machine's serial ports: what is plugged in, who holds it, what it may be."""
    from drivers.links import held_by, serial_ports
    from monitor.cli.ports import described

    found = serial_ports()
    for port in found:
        print(described(port, held_by(port.device)))
    if not found:
        print("no serial ports; is the adapter plugged in?", file=sys.stderr)


@app.command()
def identify(
    url: Annotated[str, typer.Argument(help="A tty's path, socket:// or rfc2217://.")],
) -> None:
    """Say which device speaks at a port, and how sure that is; a minute at most."""
    from drivers.clock import Clock
    from drivers.identify import identify as listened
    from drivers.links import LinkError

    try:
        found = asyncio.run(listened(url, Clock(), say=_tell))
    except LinkError as error:
        raise Failure(str(error)) from error
    if not found.candidates:
        raise Failure(f"{url}: {found.words}")
    print(found.words)


def _tell(what: str) -> None:
    """Say on standard error what is being done, which takes a while."""
    print(f"{what} …", file=sys.stderr, flush=True)


@app.command()
def decode(
    driver: Annotated[str, typer.Argument(help="As `postdose devices` lists it.")],
    capture: Annotated[Path, typer.Argument(help="A file of the device's bytes, or a capture.")],
    dialect: Annotated[str | None, typer.Option(help="Found out when left out.")] = None,
) -> None:
    """Print what a device said, a line of JSON for each item; with its time, from a capture."""
    from drivers.capture import CaptureError
    from drivers.registry import DeviceSpec, SpecError
    from monitor.cli.decoding import decoded

    try:
        spec = DeviceSpec("device", driver, "memory://file", dialect)
        told, summary = decoded(spec, capture.read_bytes(), str(capture))
    except SpecError as error:
        raise typer.BadParameter(str(error)) from error
    except CaptureError as error:
        raise Failure(str(error)) from error
    except OSError as error:
        raise Failure(f"{capture}: {error.strerror}; name a file that can be read") from error
    for line in told:
        print(line)
    if not told:
        raise Failure(f"{capture}: {summary}")
    print(summary, file=sys.stderr)


@app.command()
def scenarios() -> None:
    """List the scenarios that a simulated patient can follow."""
    from simulators.cli import scenarios_table

    print(scenarios_table())


@app.command()
def rules(
    sessions: Annotated[list[str] | None, typer.Argument(help="With --what-if: which.")] = None,
    name: Annotated[str, typer.Option("--set", help="A set's name, or a site's file.")] = "default",
    checked: Annotated[
        str | None, typer.Option("--check", help="Look for mistakes in this file instead.")
    ] = None,
    what_if: Annotated[
        bool, typer.Option("--what-if", help="What --rules would have done in these sessions.")
    ] = False,
    other: Annotated[Path | None, typer.Option("--rules", help="The other set's file.")] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="The site's TOML file, for its regimens and records."),
    ] = None,
) -> None:
    """Print a rule set and the regimens, check a site's own, or what it would have done."""
    if what_if:
        _what_if(sessions or [], other, config)
        return
    if sessions:
        raise typer.BadParameter(f"{sessions[0]}: --set names a set; sessions are for --what-if")
    from rich.console import Console

    from alerts.rules import RuleError, load_rules
    from monitor.cli.regimens_table import regimen_tables
    from monitor.cli.rules_table import escalation, tables
    from monitor.daemon import load_regimens
    from monitor.session import Regimens

    if checked is not None:
        _check_rules(checked, config)
        return
    try:
        rule_set = load_rules(name)
    except RuleError as error:
        raise Failure(str(error)) from error
    console = Console(width=WIDE)
    for table in tables(rule_set):
        console.print(table)
    console.print(escalation(rule_set))
    regimens = Regimens.shipped() if config is None else load_regimens(settings_of(config))
    for table in regimen_tables(regimens.by_name.values()):
        console.print(table)


def _check_rules(name: str, config: Path | None) -> None:
    from alerts.rules import Severity, lint_rules, read_rules

    given = None if config is None else settings_of(config).given()
    draft = read_rules(name)
    with _findings() as say:
        for finding in lint_rules(draft, given):
            say(finding.level, finding.message)
        if draft.rules is not None:
            say(Severity.OK, f"{name}: {draft.rules.summary}")


def _what_if(sessions: list[str], rules: Path | None, config: Path | None) -> None:
    from rich.console import Console

    from monitor.replay import run_what_if

    if not sessions or rules is None or config is None:
        raise typer.BadParameter("--what-if takes session ids, --rules FILE and --config FILE")
    with _reading():
        run_what_if(settings_of(config).store.url, sessions, rules, Console())


@app.command()
def cohort(
    regimen: Annotated[str, typer.Option(help="What the patients are given.")] = "esketamine-84",
    patients: Annotated[int, typer.Option(min=1, help="How many.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Which ones.")] = 1,
    name: Annotated[
        str, typer.Option("--rules", help="A rule set's name, or a site's file.")
    ] = "default",
    picture: Annotated[
        Path | None, typer.Option(help="Also draw the patients' courses: an SVG.")
    ] = None,
    nurse: Annotated[str, typer.Option(help="Who does the checks: diligent, forgetful.")] = (
        "diligent"
    ),
) -> None:
    """Watch simulated patients through the rules; hold them against the label's figures."""
    from alerts.rules import RuleError
    from monitor.cohort import CohortError, run_cohort

    try:
        text, missed = run_cohort(regimen, patients, seed, name, picture, nurse)
    except (CohortError, RuleError) as error:
        raise Failure(str(error)) from error
    print(text)
    if missed:
        raise Failure(f"missed: {'; '.join(missed)}")


@app.command()
def export(
    session: Annotated[str, typer.Argument(help="The session's id.")],
    config: Config,
    wanted: Annotated[str, typer.Option("--format", help="json, csv or form.")] = "json",
    html: Annotated[bool, typer.Option("--html", help="The form as a page to print.")] = False,
    output: Annotated[Path | None, typer.Option("-o", help="Write it to this file.")] = None,
) -> None:
    """Give out everything about a session, or its monitoring form."""
    from monitor.cli.exports import FORMATS, exported

    settings = settings_of(config)
    if wanted not in FORMATS:
        raise typer.BadParameter(f"{wanted}: choose one of {', '.join(FORMATS)}")
    html = html or (wanted == "form" and output is not None and output.suffix == ".html")
    if html and wanted != "form":
        raise typer.BadParameter("--html is for --format form")
    with _giving_out(output):
        text = asyncio.run(exported(settings, session, cast("Format", wanted), html=html))
        if output is None:
            print(text, end="")
        else:
            output.write_text(text, encoding="utf-8")


@contextlib.contextmanager
def _giving_out(output: Path | None = None) -> Iterator[None]:
    """What cannot be given out, or written to `output`, is said in one line."""
    from monitor.cli.exports import ExportError

    try:
        yield
    except ExportError as error:
        raise Failure(str(error)) from error
    except OSError as error:
        where = output or "standard output"
        raise Failure(f"{where}: {error.strerror}; name another file") from error


@app.command()
def report(
    session: Annotated[str, typer.Argument(help="The session's id.")],
    config: Config,
    output: Annotated[Path, typer.Option("-o", help="FILE.html or FILE.pdf.")],
) -> None:
    """Print a session on two sheets: its course, what was given, done and said."""
    from monitor.cli.exports import report as printed

    settings = settings_of(config)
    if output.suffix not in (".html", ".pdf"):
        raise typer.BadParameter(f"{output}: name a .html or a .pdf file")
    with _giving_out(output):
        output.write_bytes(asyncio.run(printed(settings, session, pdf=output.suffix == ".pdf")))


@app.command()
def day(
    config: Config,
    on: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Which day; today if not given.")
    ] = None,
) -> None:
    """Print a day: its sessions, minutes in the chair, alarms by rule, and the forms due."""
    from monitor.cli.exports import day as of_day

    settings = settings_of(config)
    with _giving_out():
        print("\n".join(asyncio.run(of_day(settings, None if on is None else on.date()))))


@forms.command()
def due(config: Config) -> None:
    """List the monitoring forms that are not marked as sent, oldest first."""
    from monitor.cli.exports import forms as all_forms

    settings = settings_of(config)
    with _giving_out():
        found = asyncio.run(all_forms(settings, "due"))
    print("\n".join(found) if found else "no form is due")


@db.command()
def upgrade(config: Config) -> None:
    """Bring the database's schema up to date."""
    from monitor.journal import StoreError
    from monitor.journal.migrate import upgrade as upgrade_database

    settings = settings_of(config)
    try:
        before, after = upgrade_database(settings.store.url)
    except StoreError as error:
        raise Failure(str(error)) from error
    came = "is up to date" if before == after else f"was {before or 'empty'}, is up to date now"
    print(f"schema {after}: {came}")


@db.command()
def backup(
    config: Config,
    output: Annotated[Path, typer.Option("-o", help="The new file.")],
) -> None:
    """Copy the database into a file while the daemon runs, and verify the copy."""
    from monitor.journal import StoreError
    from monitor.journal import backup as backups

    settings = settings_of(config)
    try:
        backups.back_up(settings.store.url, output)
        print(f"{output}: {asyncio.run(_verified(f'sqlite:///{output.absolute()}'))}")
    except StoreError as error:
        raise Failure(str(error)) from error


@db.command()
def restore(
    backup: Annotated[Path, typer.Argument(help="A file that `db backup` made.")],
    config: Config,
) -> None:
    """Put a backup in the database's place; what was there is set aside."""
    from drivers.clock import Clock
    from monitor.journal import StoreError
    from monitor.journal import backup as backups

    settings = settings_of(config)
    try:
        restored = backups.restore(settings.store.url, backup, Clock().now().wall)
    except StoreError as error:
        raise Failure(str(error)) from error
    if restored.set_aside is not None:
        print(f"what was there is {restored.set_aside}")
    print(f"restored, schema {restored.schema}; now: postdose db upgrade, postdose journal verify")


@journal.command()
def verify(config: Config) -> None:
    """Walk the journal's hash chain from the first event to the last."""
    from monitor.journal import StoreError

    settings = settings_of(config)
    try:
        print(asyncio.run(_verified(settings.store.url)))
    except StoreError as error:
        raise Failure(str(error)) from error


async def _verified(url: str) -> str:
    """That the chain of the journal at `url` holds, in words. Raises `Failure`, `StoreError`."""
    from monitor.journal import JournalReader, Loss

    reader = JournalReader.open_to_read(url)
    try:
        verdict = await reader.verify()
    finally:
        await reader.close()
    if verdict.fault is not None:
        raise Failure(f"event {verdict.fault.seq}: {verdict.fault.why}")
    if verdict.losses:
        found = "; ".join(
            f"{Loss.from_json(said.event.payload)}, as event {said.seq} says"
            for said in verdict.losses
        )
        raise Failure(f"{found}; the rest of the chain holds, head {verdict.head.hash}")
    return f"{verdict.events} events, the chain holds; head {verdict.head.hash}"


if __name__ == "__main__":
    main()
