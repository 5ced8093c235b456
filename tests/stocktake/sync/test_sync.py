"""A sync brings exactly what the tenant holds, again and again, and goes on where it was killed."""

import time
from pathlib import Path

import pytest
from tests.installation import Installation, kill
from tests.oracle import KEYS, assert_exact
from tests.simulator import Simulator

ALLOWED = (
    "GET /v1.0/",
    "POST /v1.0/$batch",
    "$batch GET /v1.0/",
    "POST /{tenant}/oauth2/v2.0/token",
    "GET /data/download/",
    "GET /{tenant}/",
)


def test_ten_thousand_users_equal_the_oracle(tmp_path: Path) -> None:
    folder = tmp_path / "simulator"
    folder.mkdir()
    with Simulator(users=10_000, groups=1_000, seed=2, folder=folder) as simulator:
        installation = Installation(tmp_path / "home")
        installation.connect(simulator)
        done = installation.sync()
        assert done.code == 0, done.out
        assert done.json["outcome"] == "complete"
        assert_exact(installation, simulator)
        ledger = simulator.ledger()
        assert ledger["complaints"] == []
        strangers = [request for request in ledger["requests"] if not request.startswith(ALLOWED)]
        assert strangers == []


def test_the_ledger_says_what_came_and_how_it_was_checked(installation: Installation, simulator: Simulator) -> None:
    report = installation.sync().json
    assert list(report) == ["run", "connector", "permissions", "outcome", "started_at", "finished_at", "sources"]
    lines = {line["source"]: line for line in report["sources"]}
    for dataset, source in (
        ("users", "users"),
        ("groups", "groups"),
        ("memberships", "memberships"),
        ("terms", "terms"),
    ):
        assert lines[source]["rows"] == lines[source]["added"] == len(simulator.oracle(dataset))
    assert lines["assignments"]["rows"] == len(simulator.oracle("assignments"))
    assert lines["users"]["check"] == f"$count {lines['users']['rows']}, listed {lines['users']['rows']}"
    assert lines["assignments"]["check"].startswith("consumedUnits equals the holders")
    assert all(line["mode"] == "full" for line in lines.values())


def test_a_second_sync_changes_nothing_but_the_run(installation: Installation, simulator: Simulator) -> None:
    first = installation.sync().json
    before = {dataset: installation.rows(dataset) for dataset in KEYS}
    second = installation.sync().json
    assert second["run"] != first["run"]
    assert {dataset: installation.rows(dataset) for dataset in KEYS} == before
    for line in second["sources"]:
        assert (line["added"], line["changed"], line["removed"]) == (0, 0, 0), line


def test_changes_of_the_tenant_are_followed_and_earlier_days_stay(
    installation: Installation, simulator: Simulator
) -> None:
    runs = []
    for _ in range(4):
        assert installation.sync().code == 0
        assert_exact(installation, simulator)
        runs.append({dataset: installation.rows(dataset) for dataset in KEYS})
        time.sleep(1.1)  # finished_at has whole seconds; --as-of has to tell the runs apart
        simulator.control("change", {"steps": 1, "fraction": 0.03})
    ended = [run["finished_at"] for run in reversed(installation.ok("show", "runs", "--json").json)]
    for moment, datasets in zip(ended, runs, strict=True):
        for dataset, rows in datasets.items():
            assert installation.rows(dataset, "--as-of", moment) == rows, dataset


@pytest.mark.parametrize("pages", [1, 2, 4])
def test_a_killed_sync_goes_on_where_it_stood(installation: Installation, simulator: Simulator, pages: int) -> None:
    simulator.control("latency", {"ms": 60})
    child = installation.start("sync", "norvelt", "--json")
    listing = "GET /v1.0/users"
    wait_for(lambda: simulator.ledger()["requests"].get(listing, 0) > pages)
    kill(child)
    before = simulator.ledger()["requests"][listing]
    done = installation.sync()
    assert done.code == 0, done.out
    assert_exact(installation, simulator)
    assert len(installation.ok("show", "runs", "--json").json) == 1
    # 3 pages of users and 3 of sign-ins; what was in flight at the kill may come twice, the rest may not.
    assert simulator.ledger()["requests"][listing] <= 6 + 4
    assert before > pages


def test_a_process_that_syncs_keeps_others_out(installation: Installation, simulator: Simulator) -> None:
    simulator.control("faults", [{"match": "GET /v1.0/groups", "kind": "slow", "ms": 60_000, "times": None}])
    child = installation.start("sync", "norvelt")
    try:
        wait_for(lambda: simulator.ledger()["requests"].get("GET /v1.0/users", 0) > 0)
        second = installation.run("sync", "norvelt")
    finally:
        kill(child)
    assert second.code == 1
    assert "running already" in second.err


def wait_for(condition: object, patience_s: float = 60) -> None:
    assert callable(condition)
    until = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < until, "it did not come about"
        time.sleep(0.01)
