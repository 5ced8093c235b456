"""The refresh token of a delegated connector over its life: used, raced for, interrupted, refused."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.stocktake.authorize.conftest import Bench

from stocktake.access.sources import token_source
from stocktake.access.vault import StoredVault
from stocktake.catalog.active_users import ACTIVE_USERS
from stocktake.check import check_connector
from stocktake.errors import ConfigurationError, TransientError
from stocktake.identity.grants import Grant
from stocktake.identity.keeping import TokenPatience
from stocktake.jobs.runner import sync_connector
from stocktake.store.clouds import get_cloud
from stocktake.store.connectors import Connector, get_connector
from stocktake.store.reading import completeness, read_dataset
from stocktake.store.runs import list_runs


@pytest.fixture
def connector(bench: Bench) -> Connector:
    return bench.connect(bench.draft(permissions="delegated"), "global_administrator")


def stored(bench: Bench, connector: Connector) -> Grant:
    return StoredVault(bench.app.store, bench.app.sealer, connector).read().grant


def fresh_token(bench: Bench, connector: Connector) -> str:
    app = bench.app
    tokens = token_source(app.settings, app.store, app.sealer, get_cloud(app.store, connector.cloud), connector)
    return asyncio.run(tokens.token())


@contextmanager
def refresher(bench: Bench, times: int, hang: str = "") -> Iterator[subprocess.Popen[str]]:
    arguments = [str(bench.app.settings.home), "norvelt", str(times), *([hang] if hang else [])]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.stocktake.authorize.refresher", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as child:
        try:
            assert child.stdout
            assert child.stdout.readline() == "ready\n"
            yield child
        finally:
            child.kill()


def go(child: subprocess.Popen[str]) -> None:
    assert child.stdin
    child.stdin.write("\n")
    child.stdin.flush()


def test_each_use_replaces_it_and_keeps_the_one_before(bench: Bench, connector: Connector) -> None:
    first = stored(bench, connector)
    fresh_token(bench, connector)
    second = stored(bench, connector)
    assert second.refresh_token != first.refresh_token
    assert second.previous == first.refresh_token
    assert second.scopes == first.scopes
    fresh_token(bench, connector)
    assert stored(bench, connector).previous == second.refresh_token


def test_a_kill_between_receiving_and_storing(bench: Bench, connector: Connector) -> None:
    before = stored(bench, connector)
    with refresher(bench, 1, "hang") as child:
        go(child)
        assert child.stdout
        assert child.stdout.readline() == "received\n"
        child.kill()
        child.wait()
    assert stored(bench, connector) == before
    assert fresh_token(bench, connector)
    assert stored(bench, connector).refresh_token != before.refresh_token


def test_two_processes_refresh_at_once(bench: Bench, connector: Connector) -> None:
    with refresher(bench, 8) as one, refresher(bench, 8) as two:
        go(one)
        go(two)
        for child in (one, two):
            assert child.stdout
            assert child.stdout.readline() == "8\n"
            assert child.wait() == 0
    assert fresh_token(bench, connector)
    assert get_connector(bench.app.store, "norvelt").grant_lost is None


def test_the_one_before_is_tried_when_the_last_one_is_refused(bench: Bench, connector: Connector) -> None:
    vault = StoredVault(bench.app.store, bench.app.sealer, connector)
    held = vault.read()
    vault.replace(held, Grant("never issued", held.grant.scopes, held.grant.refresh_token))
    assert fresh_token(bench, connector)
    assert stored(bench, connector).refresh_token != "never issued"


def test_a_faster_process_is_noticed(bench: Bench, connector: Connector) -> None:
    """What was read is refused, and meanwhile another process has stored a good one: that one is used, nothing lost."""
    good = stored(bench, connector)
    vault = StoredVault(bench.app.store, bench.app.sealer, connector)
    held = vault.read()
    vault.replace(held, Grant("newer", good.scopes, None))
    vault.replace(held, Grant("too late", good.scopes, None))
    vault.lose(held, "too late as well")
    assert stored(bench, connector).refresh_token == "newer"
    assert get_connector(bench.app.store, "norvelt").grant_lost is None


def lose(bench: Bench, how: str) -> None:
    simulator = bench.simulator
    if how == "withdrawn":
        simulator.control("withdraw", {"client_id": simulator.client_id, "tenant": simulator.tenant})
    elif how == "revoked":
        simulator.control("people/global_administrator", {"revoke": True})
    elif how == "expired":
        simulator.control("clock", {"advance": 91 * 24 * 3600})
    else:
        simulator.control("people/global_administrator", {"account_enabled": False})


@pytest.mark.parametrize(
    ("how", "code", "says"),
    [
        ("withdrawn", "AADSTS65001", "nobody has consented"),
        ("revoked", "AADSTS50173", "was revoked"),
        ("expired", "AADSTS700082", "has expired because it was not used"),
        ("disabled", "AADSTS50057", "account is disabled"),
    ],
)
def test_a_grant_that_no_longer_works(bench: Bench, connector: Connector, how: str, code: str, says: str) -> None:
    lose(bench, how)
    with pytest.raises(ConfigurationError) as caught:
        fresh_token(bench, connector)
    assert caught.value.code == code
    assert says in caught.value.message
    assert "authorise it again" in caught.value.remedy
    assert says in str(get_connector(bench.app.store, "norvelt").grant_lost)


def test_a_grant_that_works_again(bench: Bench, connector: Connector) -> None:
    lose(bench, "disabled")
    with pytest.raises(ConfigurationError):
        fresh_token(bench, connector)
    bench.simulator.control("people/global_administrator", {"account_enabled": True})
    assert fresh_token(bench, connector)
    assert get_connector(bench.app.store, "norvelt").grant_lost is None


def test_authorising_again_mends_it(bench: Bench, connector: Connector) -> None:
    lose(bench, "revoked")
    with pytest.raises(ConfigurationError):
        fresh_token(bench, connector)
    bench.connect(bench.draft(permissions="delegated", connector_id=connector.id), "global_administrator")
    assert get_connector(bench.app.store, "norvelt").grant_lost is None
    assert fresh_token(bench, connector)


def test_trouble_at_the_login_host_loses_nothing(bench: Bench, connector: Connector) -> None:
    before = stored(bench, connector)
    bench.simulator.control("faults", [{"match": "POST .*/oauth2/v2.0/token", "kind": "status", "times": None}])
    app = bench.app
    cloud, quick = get_cloud(app.store, connector.cloud), TokenPatience(first_tries=2, first_s=0.01)
    tokens = token_source(app.settings, app.store, app.sealer, cloud, connector, quick)
    with pytest.raises(TransientError, match="answered 503"):
        asyncio.run(tokens.token())
    bench.simulator.control("faults", method="DELETE")
    assert stored(bench, connector) == before
    assert get_connector(bench.app.store, "norvelt").grant_lost is None
    assert fresh_token(bench, connector)


def test_what_a_person_sees_is_read_and_labelled(bench: Bench) -> None:
    """One business of the tenant: the rows are what the oracle names, and losing the grant later loses no data."""
    app = bench.app
    bench.connect(bench.draft(), "global_administrator")  # consents for everybody of the tenant
    connector = bench.connect(bench.draft("business", permissions="delegated"), "business_user")
    report = sync_connector(app.settings, app.store, app.sealer, connector, progress=lambda _: None)
    outcomes = {entry.source: entry.outcome for entry in report.entries}
    assert outcomes["users"] == "complete"
    assert outcomes[ACTIVE_USERS.name] == "not_permitted"
    upn = bench.simulator.person("business_user")["user_principal_name"]
    truth = {row["id"] for row in bench.simulator.oracle("users", as_user=upn)}
    assert 0 < len(truth) < 150
    assert seen_users(bench, connector) == truth
    with app.store.read() as connection:
        (line,) = completeness(connection, "subscriptions", [connector], None)
    assert line.startswith("business: partial as of ")
    assert f"as seen by {upn}; partial by design" in line
    lose(bench, "withdrawn")
    with pytest.raises(ConfigurationError, match="no longer works"):
        sync_connector(app.settings, app.store, app.sealer, connector, progress=lambda _: None)
    with app.store.read() as connection:
        assert str(list_runs(connection)[0]["outcome"]) == "failed"
    assert seen_users(bench, connector) == truth


def seen_users(bench: Bench, connector: Connector) -> set[object]:
    with bench.app.store.read() as connection:
        rows = read_dataset(connection, "users", [connector], None, lambda part, sku: part or sku)
        return {row["id"] for row in rows}


def test_the_check_says_whose_eyes(bench: Bench, connector: Connector) -> None:
    app = bench.app
    cloud = get_cloud(app.store, connector.cloud)
    found = {item.check: item for item in check_connector(app.settings, app.store, app.sealer, cloud, connector)}
    assert found["credential"].ok
    assert "as seen by" in found["authorisation"].message
    assert found["role for usage reports"].ok
    lose(bench, "revoked")
    found = {item.check: item for item in check_connector(app.settings, app.store, app.sealer, cloud, connector)}
    assert found["credential"].ok is False
    assert found["credential"].code == "AADSTS50173"
