"""Bringing a database to the newest schema, once, by one process at a time."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from stocktake.errors import ConfigurationError

HEAD = "0002"  # the newest revision in migrations/versions; a test holds the two together
_LOCK_KEY = 7_402_021  # any number that nobody else takes as an advisory lock in this database


def upgrade(engine: Engine, home: Path) -> None:
    """Run the migrations that are missing. ConfigurationError if a newer version of Stocktake wrote this database."""
    if _revision(engine) == HEAD:
        return
    with _alone(engine, home):
        current = _revision(engine)
        if current != HEAD:
            _migrate(engine, current)


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _migrate(engine: Engine, current: str | None) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise ConfigurationError(
            f"the database was written by a newer Stocktake (schema {current})", "update this installation"
        )
    config.attributes["engine"] = engine
    command.upgrade(config, "head")


@contextmanager
def _alone(engine: Engine, home: Path) -> Iterator[None]:
    if engine.dialect.name == "sqlite":
        with (home / "migration.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        return
    with engine.connect() as connection:
        _advisory(connection, "pg_advisory_lock")
        try:
            yield
        finally:
            _advisory(connection, "pg_advisory_unlock")


def _advisory(connection: Connection, function: str) -> None:
    connection.execute(text(f"SELECT {function}(:key)"), {"key": _LOCK_KEY})
    connection.commit()
