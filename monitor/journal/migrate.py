"""Bringing a journal's schema up to date, from an installed package, without an alembic.ini."""

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from monitor.journal.database import (
    Address,
    StoreError,
    create_file,
    engine_for,
    explained,
    parse_store_url,
    revision,
)
from monitor.journal.schema import REVISIONS


def alembic_config(connection: sa.Connection | None = None) -> Config:
    """Alembic's settings for the migrations in this package, to run over `connection`."""
    config = Config()
    config.set_main_option("script_location", "monitor.journal:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def upgrade(url: str, to: str = "head") -> tuple[str | None, str]:
    """Migrate the journal at `url`; creates it when it is new.

    Returns the revisions before and after. Raises `StoreError`.
    """
    address = parse_store_url(url)
    if address.path is not None:
        create_file(address.path)
    engine = engine_for(address, writing=True)
    try:
        return upgrade_engine(address, engine, to)
    finally:
        engine.dispose()


def upgrade_engine(address: Address, engine: sa.Engine, to: str = "head") -> tuple[str | None, str]:
    """As `upgrade`, over an engine that is already there, in one transaction."""
    try:
        with engine.begin() as connection:
            before = revision(connection)
            if before not in (None, "", *REVISIONS):
                raise StoreError(
                    f"journal {address}: its schema {before} is newer than this program"
                )
            command.upgrade(alembic_config(connection), to)
            return before, revision(connection) or ""
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise explained(address, error) from error
