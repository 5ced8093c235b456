"""Syncs that the console starts, watches and cancels, against the simulator."""

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.simulator import Simulator
from tests.stocktake.web import world
from tests.stocktake.web.server import Serving, serving, token_of
from tests.stocktake.web.test_pages import text_of

from stocktake.identity.clouds import define_cloud
from stocktake.identity.credentials import ClientSecret, serialize
from stocktake.store.clouds import add_cloud
from stocktake.store.connectors import Connector, credential_context, get_connector
from stocktake.store.runs import create_run, list_runs, unfinished_run
from stocktake.store.tables import STAGING


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(users=400, groups=20, seed=3, folder=tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


@pytest.fixture
def simulator(tenant: Simulator) -> Simulator:
    tenant.reset()
    return tenant


@pytest.fixture
def served(tmp_path: Path, simulator: Simulator) -> Iterator[Serving]:
    with serving(tmp_path, sign_ins_per_minute=6000, graph_page_size=100) as console:
        connect(console, simulator, "norvelt")
        yield console


def connect(console: Serving, simulator: Simulator, name: str) -> Connector:
    app = console.app
    cloud = define_cloud("m365sim", simulator.login_url, simulator.graph_url, simulator.ca_bundle)
    add_cloud(app.store, cloud, replace=True)
    secret = serialize(ClientSecret(simulator.client_secret))
    return world.connector(
        app.store,
        name,
        tenant=simulator.tenant,
        cloud="m365sim",
        client_id=simulator.client_id,
        sealed_credential=app.sealer.seal(secret, credential_context(name)),
    )


def until(answer: Callable[[], Any], within_s: float = 90.0) -> Any:
    """What `answer` gives as soon as it gives something true: the other side works at its own pace."""
    end = time.monotonic() + within_s
    while not (found := answer()):
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)
    return found


def start(client: httpx.Client, name: str = "norvelt") -> httpx.Response:
    return client.post("/runs", data={"csrf_token": token_of(client.get("/runs")), "connector": name})


def finished(console: Serving) -> list[dict[str, object]]:
    with console.app.store.read() as connection:
        return [run for run in list_runs(connection) if run["finished_at"]]


def running_run(console: Serving, name: str = "norvelt") -> int | None:
    with console.app.store.read() as connection:
        run = unfinished_run(connection, get_connector(console.app.store, name).id)
    return run.id if run else None


def staged(console: Serving) -> int:
    with console.app.store.read() as connection:
        return sum(
            connection.exec_driver_sql(f"SELECT count(*) FROM {table.name}").scalar_one() for table in STAGING.values()
        )


def hold(simulator: Simulator, match: str) -> None:
    """Let Graph ask for a long wait: what follows does not depend on how quick the machine is."""
    simulator.control("faults", [{"match": match, "kind": "throttle", "times": 1, "retry_after": "600"}])


def test_a_sync_is_started_watched_and_finished(served: Serving, simulator: Simulator) -> None:
    with served.signed_in("analyst") as client:
        assert start(client).headers["location"] == "/runs?connector=norvelt"
        [run] = until(lambda: finished(served))
        assert run["outcome"] == "complete"
        page = text_of(client.get(f"/runs/{run['run']}"))
        assert "users complete 400" in page
        assert "$count 400, listed 400" in page
        assert "1–50 of 400" in text_of(client.get("/users"))
        idle = until(lambda: _showing(client, "/runs", "Sync now"))
        assert "load delay" not in idle


def test_a_running_sync_shows_rows_and_what_it_waits_for(served: Serving, simulator: Simulator) -> None:
    hold(simulator, "/users\\?.*skiptoken")
    with served.signed_in("analyst") as client:
        start(client)
        run = until(lambda: running_run(served))
        page = until(lambda: _showing(client, f"/runs/{run}", "waiting: "))
        assert 'hx-trigger="load delay:1s"' in page
        assert f'hx-get="/runs/{run}/progress"' in page
        assert re.search(r"<progress max=\"100\" value=\"\d+\"", client.get(f"/runs/{run}/progress").text)
        assert "running" in text_of(client.get("/runs"))
        again = start(client)
        assert again.status_code == 409
        assert "is running already" in again.text
        cancel(client, run)
        until(lambda: finished(served))


def _showing(client: httpx.Client, path: str, words: str) -> str | None:
    text = client.get(path).text
    return text if words in text else None


def cancel(client: httpx.Client, run: int) -> httpx.Response:
    form = token_of(client.get(f"/runs/{run}"))
    return client.post(f"/runs/{run}/cancel", data={"csrf_token": form})


def test_a_cancelled_sync_keeps_nothing(served: Serving, simulator: Simulator) -> None:
    with served.signed_in("analyst") as client:
        start(client)
        until(lambda: finished(served))
        before = client.get("/api/v1/users?size=1000").json()["rows"]
        simulator.control("change", {"steps": 1, "fraction": 0.1})
        hold(simulator, "/users\\?.*skiptoken")
        start(client)
        run = until(lambda: running_run(served))
        until(lambda: staged(served))
        assert cancel(client, run).status_code == 303
        newest = until(lambda: [found for found in finished(served) if found["run"] == run])[0]
        assert (newest["outcome"], newest["reason"]) == ("failed", "cancelled by analyst")
        assert staged(served) == 0
        assert client.get("/api/v1/users?size=1000").json()["rows"] == before
        until(lambda: _showing(client, "/runs", "Sync now"))
        assert start(client).status_code == 303
        until(lambda: [found for found in finished(served) if found["outcome"] == "complete" and found["run"] > run])


def test_what_a_stopped_console_was_reading_goes_on_in_the_next(tmp_path: Path, simulator: Simulator) -> None:
    settings = {"sign_ins_per_minute": 6000, "graph_page_size": 100}
    hold(simulator, "/users\\?.*skiptoken")
    with serving(tmp_path, **settings) as console:
        connect(console, simulator, "norvelt")
        with console.signed_in("analyst") as client:
            start(client)
            run = until(lambda: running_run(console))
            until(lambda: staged(console))
    simulator.control("faults", [])
    with serving(tmp_path, accounts=(), **settings) as console:
        [found] = until(lambda: finished(console))
        assert (found["run"], found["outcome"]) == (run, "complete")


def test_an_abandoned_run_is_cancelled_at_once(served: Serving, simulator: Simulator) -> None:
    connector = get_connector(served.app.store, "norvelt")
    with served.app.store.write() as connection:
        run = create_run(connection, connector.id, "gone", "full", ["users"])
    with served.signed_in("analyst") as client:
        assert "left unfinished" in text_of(client.get("/runs"))
        cancel(client, run)
    assert [found["reason"] for found in finished(served)] == ["cancelled by analyst"]


def test_two_tenants_are_read_side_by_side(served: Serving, simulator: Simulator) -> None:
    connect(served, simulator, "other")
    with served.signed_in("analyst") as client:
        for name in ("norvelt", "other"):
            assert start(client, name).status_code == 303
        until(lambda: len(finished(served)) == 2)
        assert {run["outcome"] for run in finished(served)} == {"complete"}
        assert "1–50 of 800" in text_of(client.get("/users"))
        assert "1–50 of 400" in text_of(client.get("/users?connector=other"))


def test_why_a_sync_could_not_be_made_is_told(served: Serving, simulator: Simulator) -> None:
    world.connector(served.app.store, "bare")
    disabled = world.connector(served.app.store, "resting", enabled=False)
    with served.signed_in("analyst") as client:
        start(client, "bare")
        page = until(lambda: _showing(client, "/runs", "could not be made"))
        assert "connector bare has no credential" in page
        assert "connector bare has no credential" in client.get("/").text
        refused = start(client, disabled.name)
        assert refused.status_code == 400
        assert "is disabled" in refused.text


def test_a_run_from_before_an_update_goes_on_with_the_sources_that_came_since(
    served: Serving, simulator: Simulator
) -> None:
    connector = get_connector(served.app.store, "norvelt")
    with served.app.store.write() as connection:
        run = create_run(connection, connector.id, "of an earlier version", "full", ["organization", "users"])
    with served.signed_in("analyst") as client:
        start(client)
        [found] = until(lambda: finished(served))
    assert (found["run"], found["outcome"]) == (run, "complete")
