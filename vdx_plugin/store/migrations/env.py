"""Alembic's entry: run the steps on the connection that was handed over."""

from __future__ import annotations

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    # SQLite can roll back DDL too; Alembic holds it for unable to, because the driver's own BEGIN spoils it.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
