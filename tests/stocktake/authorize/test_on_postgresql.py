"""The same rows and locks on PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests import postgres
from tests.stocktake.authorize.conftest import Bench
from tests.stocktake.authorize.test_grants import fresh_token, stored

from stocktake.access.vault import StoredVault
from stocktake.authorize.save import accept, attempt
from stocktake.errors import UsageError
from stocktake.settings import Settings
from stocktake.store.checks import keep_check, last_check
from stocktake.store.connector_changes import contents


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[str]:
    yield from postgres.cluster()


@pytest.fixture
def settings(postgres_server: str, tmp_path: Path) -> Iterator[Settings]:
    for address in postgres.database(postgres_server):
        yield Settings(home=tmp_path / "home", consent_patience=0, database_url=address)


def test_from_authorize_to_a_used_grant(bench: Bench) -> None:
    app = bench.app
    token = bench.token(bench.draft(permissions="delegated"), "global_administrator")
    connector = attempt(app, accept(app, "norvelt", token))
    with pytest.raises(UsageError, match="was used already"):
        accept(app, "norvelt", token)
    vault = StoredVault(app.store, app.sealer, connector)
    held = vault.read()
    assert fresh_token(bench, connector)
    newer = stored(bench, connector)
    vault.replace(held, held.grant)
    vault.lose(held, "too late")
    assert stored(bench, connector) == newer
    keep_check(app.store, connector.id, "[]", "2027-01-01T00:00:00Z")
    keep_check(app.store, connector.id, "[1]", None)
    kept = last_check(app.store, connector.id)
    assert kept
    assert kept.result == "[1]"
    assert contents(app.store, connector) == {}
