"""What the commands of a site have in common: its file, and how a failure is said."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from monitor.settings import Settings

Config = Annotated[Path, typer.Option("--config", "-c", help="The site's TOML file.")]


class Failure(Exception):
    """What was asked for failed: exit 1."""


def complain(error: object) -> None:
    """Say on standard error what is wrong."""
    print(f"postdose: {error}", file=sys.stderr)


def settings_of(config: Path) -> "Settings":
    """The settings in the site's file; exits with 2 when it cannot be used."""
    from monitor.settings import ConfigError, load

    try:
        return load(config)
    except ConfigError as error:
        complain(error)
        raise typer.Exit(2) from error
