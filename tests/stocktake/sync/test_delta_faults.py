"""A delta round through faults, kills and a tenant that never stands still: exact in the end, nothing lost before."""

import shutil
from pathlib import Path
from typing import Any

import pytest
from tests.installation import Done, Installation, kill
from tests.oracle import assert_exact
from tests.simulator import Simulator
from tests.stocktake.sync.test_sync import wait_for

MATCHES = {
    "users": r"GET /v1\.0/users/delta",
    "groups": r"GET /v1\.0/groups/delta",
    "assignments": r"GET /v1\.0/users\?.*licenseAssignmentStates",
}
MUCH = {"steps": 4, "fraction": 1.0}  # three pages of changed users
FOLLOWED = ("users", "assignments", "groups", "memberships")
PASSING: dict[str, dict[str, Any]] = {
    "503": {"kind": "status", "status": 503},
    "500 as HTML": {"kind": "status", "status": 500, "body_kind": "html"},
    "429": {"kind": "throttle", "retry_after": "1"},
    "dropped": {"kind": "drop"},
    "truncated": {"kind": "truncate"},
    "empty page": {"kind": "empty_page"},
}
LASTING: dict[str, dict[str, Any]] = {
    "503": {"kind": "status", "status": 503},
    "dropped": {"kind": "drop"},
    "truncated": {"kind": "truncate"},
    "foreign link": {"kind": "foreign_next_link"},
    "loop": {"kind": "loop_next_link"},
}


def lines_of(done: Done, code: int = 0) -> dict[str, dict[str, Any]]:
    assert done.code == code, (done.out, done.err)
    return {line["source"]: line for line in done.json["sources"]}


def rows(installation: Installation) -> dict[str, list[dict[str, Any]]]:
    """What delta answers for: when somebody last signed in comes from elsewhere."""
    found = {dataset: installation.rows(dataset) for dataset in FOLLOWED}
    for row in found["users"]:
        del row["last_sign_in_at"], row["last_successful_sign_in_at"]
    return found


@pytest.fixture(scope="module")
def read_once(small_tenant: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    small_tenant.reset()
    made = Installation(tmp_path_factory.mktemp("read once") / "home")
    made.connect(small_tenant)
    lines_of(made.sync())
    return made.home


@pytest.fixture
def synced(read_once: Path, tmp_path: Path, simulator: Simulator) -> Installation:
    """An installation that has read everything once, before the test began."""
    shutil.copytree(read_once, tmp_path / "home")
    return Installation(tmp_path / "home", graph_page_size=200)


@pytest.mark.parametrize(("fault", "page"), [(fault, place % 3) for place, fault in enumerate(PASSING)])
def test_a_passing_fault_on_a_page_leaves_no_trace(
    synced: Installation, simulator: Simulator, fault: str, page: int
) -> None:
    simulator.control("change", MUCH)
    wanted = [{"match": match, "skip": page, "times": 1, **PASSING[fault]} for match in MATCHES.values()]
    simulator.control("faults", wanted)
    lines = lines_of(synced.sync())
    used = [rule["used"] for rule in simulator.faults()]
    assert (used[0], used[2]) == (1, 1)
    assert used[1] == 1 or page > 0
    assert {lines[source]["mode"] for source in FOLLOWED if source != "assignments"} == {"delta"}
    assert_exact(synced, simulator)
    assert simulator.ledger()["complaints"] == []


@pytest.mark.parametrize(
    ("fault", "source"),
    [
        *((fault, "users") for fault in LASTING),
        ("truncated", "groups"),
        ("loop", "groups"),
        ("503", "assignments"),
        ("foreign link", "assignments"),
    ],
)
def test_a_lasting_fault_is_told_and_the_next_round_brings_it_all(
    synced: Installation, simulator: Simulator, fault: str, source: str
) -> None:
    before = rows(synced)
    simulator.control("change", MUCH)
    skip = 0 if source == "groups" else 1
    simulator.control("faults", [{"match": MATCHES[source], "skip": skip, "times": None, **LASTING[fault]}])
    lines = lines_of(Installation(synced.home, graph_patience=2, graph_page_size=200).sync(), 3)
    assert lines[source]["outcome"] in {"incomplete", "failed"}
    assert lines[source]["reason"]
    after = rows(synced)
    kept = {"users": ("users", "assignments"), "groups": ("groups", "memberships"), "assignments": ()}[source]
    for dataset in kept:
        assert lines[dataset]["outcome"] != "complete"
        assert (lines[dataset]["added"], lines[dataset]["changed"], lines[dataset]["removed"]) == (0, 0, 0)
        assert after[dataset] == before[dataset], dataset
    if source == "assignments":
        assert lines["users"]["outcome"] == "incomplete"
        gone = {row["id"] for row in before["users"]} - {row["id"] for row in after["users"]}
        assert gone
        assert not [row for row in after["assignments"] if row["user_id"] in gone]
    assert "another host" not in str(simulator.ledger()["complaints"])
    simulator.control("faults", [])
    lines = lines_of(synced.sync())
    assert {lines[name]["mode"] for name in ("users", "groups")} == {"delta"}
    assert_exact(synced, simulator)


def test_a_seldom_pass_that_failed_is_made_up_for(synced: Installation, simulator: Simulator) -> None:
    simulator.control("change", {"steps": 1, "fraction": 0.05})
    fault = {"match": r"GET /v1\.0/users/[0-9a-f-]+\?", "skip": 3, "times": None, "kind": "status", "status": 400}
    simulator.control("faults", [fault])
    seldom = Installation(synced.home, licence_states_every=1000)
    lines = lines_of(seldom.sync(), 3)
    assert "could not be read" in lines["assignments"]["reason"]
    assert lines["users"]["outcome"] == "incomplete"
    simulator.control("faults", [])
    lines = lines_of(seldom.sync())
    assert lines["assignments"]["mode"] == "full"
    assert_exact(synced, simulator)


@pytest.mark.parametrize("expired", [0, 1])
def test_a_page_token_that_expires_begins_the_round_again(
    synced: Installation, simulator: Simulator, expired: int
) -> None:
    simulator.control("change", MUCH)
    fault = {"match": r"/delta\?.*skiptoken", "skip": expired, "times": 1, "kind": "expired_page_token"}
    simulator.control("faults", [fault])
    lines = lines_of(synced.sync())
    assert {lines[source]["mode"] for source in ("users", "groups", "memberships")} == {"delta"}
    assert [rule["used"] for rule in simulator.faults()] == [1]
    assert_exact(synced, simulator)
    assert simulator.ledger()["complaints"] == []


@pytest.mark.parametrize("pages", [0, 1, 2])
def test_a_round_that_is_killed_goes_on_where_it_stood(synced: Installation, simulator: Simulator, pages: int) -> None:
    simulator.control("change", MUCH)
    simulator.control("ledger", {}, method="DELETE")
    simulator.control("latency", {"ms": 80})
    child = synced.start("sync", "norvelt", "--json")
    listing = "GET /v1.0/users/delta"
    wait_for(lambda: simulator.ledger()["requests"].get(listing, 0) > pages)
    kill(child)
    lines = lines_of(synced.sync())
    assert lines["users"]["mode"] == "delta"
    assert_exact(synced, simulator)
    assert len(synced.ok("show", "runs", "--json").json) == 2
    spent = simulator.ledger()["requests"][listing]
    assert spent <= lines["users"]["pages"] + 2  # what was in flight at the kill may come twice


def test_a_round_that_is_killed_in_the_pass_over_licence_states(synced: Installation, simulator: Simulator) -> None:
    simulator.control("change", {"steps": 1, "fraction": 0.2})
    simulator.control("faults", [{"match": MATCHES["assignments"], "skip": 1, "times": 1, "kind": "slow", "ms": 60000}])
    child = synced.start("sync", "norvelt", "--json")
    wait_for(lambda: sum(rule["used"] for rule in simulator.faults()) > 0)
    kill(child)
    simulator.control("change", {"steps": 1, "fraction": 0.02})
    lines = lines_of(synced.sync())
    assert lines["users"]["mode"] == "delta"
    lines_of(synced.sync())
    assert_exact(synced, simulator)


def test_a_full_pass_gives_up_a_round_that_was_left(synced: Installation, simulator: Simulator) -> None:
    simulator.control("change", MUCH)
    simulator.control("latency", {"ms": 80})
    child = synced.start("sync", "norvelt", "--json")
    wait_for(lambda: simulator.ledger()["requests"].get("GET /v1.0/users/delta", 0) > 2)
    kill(child)
    simulator.control("latency", {"ms": 0})
    lines = lines_of(synced.run("sync", "norvelt", "--full", "--json"))
    assert {lines[source]["mode"] for source in FOLLOWED} == {"full"}
    assert_exact(synced, simulator)
    newest, given_up, _ = synced.ok("show", "runs", "--json").json
    assert (newest["outcome"], given_up["outcome"]) == ("complete", "failed")
    assert given_up["reason"] == "given up for a full pass"


@pytest.mark.parametrize("first", [True, False], ids=["first sync", "later sync"])
def test_a_tenant_that_changes_all_the_while_is_caught_up_with(
    installation: Installation, simulator: Simulator, *, first: bool
) -> None:
    if not first:
        lines_of(installation.sync())
        simulator.control("change", {"steps": 1, "fraction": 0.2})
    simulator.control("latency", {"ms": 150})
    child = installation.start("sync", "norvelt", "--json")
    steps = 0
    while child.poll() is None:
        simulator.control("change", {"steps": 1, "fraction": 0.01})
        steps += 1
    child.communicate()
    assert steps > 5
    assert child.returncode in {0, 3}
    simulator.control("latency", {"ms": 0})
    for _ in range(2):
        lines = lines_of(installation.sync())
        assert_exact(installation, simulator)
    assert {lines[source]["mode"] for source in ("users", "groups", "memberships")} == {"delta"}


def test_a_group_of_more_than_a_page_of_members(tmp_path: Path) -> None:
    folder = tmp_path / "simulator"
    folder.mkdir()
    with Simulator(users=7000, groups=12, seed=3, folder=folder) as simulator:
        installation = Installation(tmp_path / "home")
        installation.connect(simulator)
        members: dict[str, int] = {}
        for row in simulator.oracle("memberships"):
            members[row["group_id"]] = members.get(row["group_id"], 0) + 1
        assert max(members.values()) > 5000
        first = lines_of(installation.sync())
        assert first["groups"]["pages"] > 1
        assert first["memberships"]["rows"] == sum(members.values())
        assert_exact(installation, simulator)
        simulator.control("change", {"steps": 1, "fraction": 0.3})
        lines = lines_of(installation.sync())
        assert lines["memberships"]["mode"] == "delta"
        assert lines["memberships"]["removed"] > 100
        assert_exact(installation, simulator)
        assert simulator.ledger()["complaints"] == []
