"""Opening the database: SQLite in the home by default, PostgreSQL by its address, at the newest schema either way."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pysqlite3
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from stocktake.errors import ConfigurationError, UsageError
from stocktake.settings import Settings
from stocktake.store.schema import upgrade

DATABASE_FILE = "stocktake.sqlite"
_WRITE = "stocktake_write"


@dataclass(frozen=True)
class Store:
    """An open database. Reads see one consistent state; one write at a time goes through, all or nothing."""

    engine: Engine

    @property
    def sqlite(self) -> bool:
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that commits at the end of the block, or leaves no trace if the block raises."""
        with self.engine.connect().execution_options(**{_WRITE: True}) as connection, connection.begin():
            yield connection


@contextmanager
def open_store(settings: Settings) -> Iterator[Store]:
    """The store at the newest schema.

    UsageError for an address that is none; ConfigurationError for a SQLite that is unsafe to share.
    """
    home = settings.home.expanduser().absolute()
    engine = database_engine(_address(settings, home))
    try:
        upgrade(engine, home)
        yield Store(engine)
    finally:
        engine.dispose()


def _address(settings: Settings, home: Path) -> URL:
    if not settings.database_url:
        return URL.create("sqlite", database=str(home / DATABASE_FILE))
    try:
        url = make_url(settings.database_url)
    except ArgumentError:
        raise UsageError(
            "STOCKTAKE_DATABASE_URL is no database address", "write it as postgresql://USER@HOST/DATABASE"
        ) from None
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return url.set(drivername="sqlite")
    raise UsageError(
        f"STOCKTAKE_DATABASE_URL names {url.get_backend_name()}",
        "use sqlite:///FILE or postgresql://USER@HOST/DATABASE",
    )


def database_engine(url: URL) -> Engine:
    """An engine with our manners: on SQLite the bundled safe build, WAL, explicit transactions; on PostgreSQL UTC."""
    if url.get_backend_name() == "postgresql":
        return create_engine(
            url, pool_pre_ping=True, connect_args={"connect_timeout": 10, "options": "-c timezone=utc"}
        )
    _refuse_unsafe(pysqlite3)
    engine = create_engine(url, module=pysqlite3)
    event.listen(engine, "connect", _configure)
    event.listen(engine, "begin", _begin)
    return engine


def _refuse_unsafe(module: ModuleType) -> None:
    """SQLite 3.7.0 to 3.51.2 can corrupt a WAL database that two connections share; fixed in 3.51.3, 3.50.7, 3.44.6."""
    version = tuple(int(part) for part in module.sqlite_version.split("."))
    if not (version >= (3, 51, 3) or (3, 50, 7) <= version < (3, 51) or (3, 44, 6) <= version < (3, 45)):
        raise ConfigurationError(
            f"SQLite {module.sqlite_version} can corrupt a database that two processes share",
            "install pysqlite3 0.6.1 or newer, which brings a safe build",
        )


def _configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.isolation_level = None  # the driver must not open transactions on its own: _begin does
    share_safely(connection)
    for pragma in ("cache_size=-32768", "wal_autocheckpoint=20000", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def share_safely(connection: Any) -> None:  # noqa: ANN401 - the driver's own connection
    """What every SQLite file of ours needs, because several processes have it open."""
    for pragma in ("busy_timeout=30000", "journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: Connection) -> None:
    # A writer that began as a reader can't wait for its turn (SQLITE_BUSY at once), so it says so at the start.
    write = connection.get_execution_options().get(_WRITE, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
