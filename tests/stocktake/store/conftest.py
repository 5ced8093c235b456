"""Each store test runs on SQLite and on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import postgres

from stocktake.settings import Settings
from stocktake.store.connectors import Connector, NewConnector, add_connector
from stocktake.store.engine import Store, open_store


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    yield from postgres.cluster()


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Settings]:
    if request.param == "sqlite":
        yield Settings(home=tmp_path)
        return
    for address in postgres.database(request.getfixturevalue("postgres_server")):
        yield Settings(home=tmp_path, database_url=address)


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    with open_store(settings) as opened:
        yield opened


@pytest.fixture
def connector(store: Store) -> Connector:
    return add_connector(
        store,
        NewConnector(
            name="norvelt", tenant="norvelt.example", cloud="global", permissions="application", client_id="c"
        ),
    )
