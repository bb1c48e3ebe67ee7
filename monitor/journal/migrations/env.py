"""Runs the migrations over the connection that `monitor.journal.migrate` hands in."""

from alembic import context

from monitor.journal.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
