"""Bringing a database up to the newest schema.

Most starts find it there already, so that is asked first and by hand: Alembic costs a start some 200 ms.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, text
from sqlalchemy import inspect as inspect_database

from vdx_plugin import log
from vdx_plugin.errors import Misconfigured
from vdx_plugin.store.engine import WRITES
from vdx_plugin.store.schema import HEAD

_log = log.get("store.migrating")
MIGRATIONS = Path(__file__).parent / "migrations"


def bring_up(engine: Engine) -> None:
    """Migrate the database to ``HEAD``, whole or not at all.

    Raises Misconfigured(``store.newer``) for a database that a newer program has written.
    """
    with engine.connect() as connection:
        if _version(connection) == HEAD:
            return
    with engine.connect().execution_options(**{WRITES: True}) as connection, connection.begin():
        # Asked again under the lock: another program may have done it meanwhile.
        version = _version(connection)
        if version != HEAD:
            _migrate(connection, version)


def _version(connection: Connection) -> str | None:
    if not inspect_database(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def _migrate(connection: Connection, version: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    # ConfigParser reads a percent sign in the path as the start of a reference.
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
    if version is not None and version not in known:
        raise Misconfigured("store.newer", f"schema {version} is unknown to this program")
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
    _log.info("database brought from %s to %s", version or "nothing", HEAD)
