"""Migrations and models say the same, on both stores."""

import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import text

from stocktake.errors import ConfigurationError, UsageError
from stocktake.settings import Settings
from stocktake.store import schema
from stocktake.store.engine import Store, open_store
from stocktake.store.tables import metadata


def test_no_difference_between_migrations_and_models(store: Store) -> None:
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_head_is_the_newest_migration() -> None:
    versions = Path(schema.__file__).parent / "migrations" / "versions"
    assert max(path.name[:4] for path in versions.glob("[0-9]*.py")) == schema.HEAD


def test_several_that_start_at_once_migrate_once(settings: Settings) -> None:
    failures: list[BaseException] = []

    def start() -> None:
        try:
            with open_store(settings) as store, store.read() as connection:
                connection.execute(text("SELECT count(*) FROM connectors"))
        except BaseException as error:  # noqa: BLE001 - handed to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_a_database_of_a_newer_version_is_left_alone(settings: Settings) -> None:
    with open_store(settings) as store, store.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(ConfigurationError, match="newer Stocktake"), open_store(settings):
        pass


def test_an_address_that_is_none(tmp_path: Path) -> None:
    for address in ("nonsense", "mysql://somewhere/db"):
        with (
            pytest.raises(UsageError, match="STOCKTAKE_DATABASE_URL"),
            open_store(Settings(home=tmp_path, database_url=address)),
        ):
            pass
