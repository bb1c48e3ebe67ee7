"""The migrations build the schema that the program uses."""

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from monitor.journal import Journal
from monitor.journal.database import engine_for, parse_store_url
from monitor.journal.migrate import alembic_config, upgrade
from monitor.journal.schema import REVISIONS, metadata
from tests.monitor.event_factories import EventFactory


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path_factory.mktemp('journal')}/postdose.db"
    found: str = request.getfixturevalue("postgresql_url")
    return found


def test_the_program_knows_every_revision() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert tuple(r.revision for r in reversed(list(script.walk_revisions()))) == REVISIONS


def test_migrations_and_tables_agree(url: str) -> None:
    assert upgrade(url) == (None, REVISIONS[-1])
    engine = engine_for(parse_store_url(url), writing=True)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    engine.dispose()


async def test_an_upgrade_keeps_the_events(url: str) -> None:
    journal = Journal.open(url)
    stored = await journal.append([EventFactory().event()])
    await journal.close()
    engine = engine_for(parse_store_url(url), writing=True)
    with engine.begin() as connection:
        for table in ("sample_chunk", "account", "station", "sign_in", "token", "access_log"):
            connection.execute(sa.schema.DropTable(metadata.tables[table]))
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    engine.dispose()
    assert upgrade(url) == ("0001", REVISIONS[-1])
    journal = Journal.open(url)
    assert await journal.events() == stored
    assert (await journal.verify()).fault is None
    await journal.close()


def test_upgrading_twice_changes_nothing(url: str) -> None:
    upgrade(url)
    assert upgrade(url) == (REVISIONS[-1], REVISIONS[-1])


def test_a_migration_that_fails_leaves_the_schema_it_found(url: str) -> None:
    upgrade(url, "0001")
    engine = engine_for(parse_store_url(url), writing=True)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE INDEX sample_chunk_bed ON event (bed)")
    before = _tables(engine)
    with pytest.raises(Exception, match="sample_chunk_bed"):
        upgrade(url)
    assert _tables(engine) == before
    engine.dispose()


def _tables(engine: sa.Engine) -> set[str]:
    return set(sa.inspect(engine).get_table_names())
