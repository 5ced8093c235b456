"""Later syncs ask what has changed: exact every time, cheap where nothing has, and whole where a token is dead."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import postgres
from tests.installation import Done, Installation
from tests.oracle import assert_exact, differences
from tests.simulator import Simulator

DAY_S = 86_400
BY_DELTA = ("users", "groups", "memberships")
USERS_DELTA = r"GET /v1\.0/users/delta"
GROUPS_DELTA = r"GET /v1\.0/groups/delta"


@pytest.fixture(scope="module")
def little(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(users=250, groups=30, seed=11, folder=tmp_path_factory.mktemp("little")) as simulator:
        yield simulator


@pytest.fixture
def tenant(little: Simulator) -> Simulator:
    little.reset()
    return little


@pytest.fixture(scope="module")
def read_once(little: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    little.reset()
    made = Installation(tmp_path_factory.mktemp("read once") / "home")
    made.connect(little)
    lines_of(made.sync())
    return made.home


@pytest.fixture
def synced(read_once: Path, tmp_path: Path, tenant: Simulator) -> Installation:
    """An installation that has read everything once."""
    shutil.copytree(read_once, tmp_path / "home")
    return Installation(tmp_path / "home")


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    for server in postgres.cluster():
        yield from postgres.database(server)


def lines_of(done: Done, code: int = 0) -> dict[str, dict[str, Any]]:
    assert done.code == code, (done.out, done.err)
    return {line["source"]: line for line in done.json["sources"]}


def modes(lines: dict[str, dict[str, Any]]) -> set[str]:
    return {lines[source]["mode"] for source in BY_DELTA}


def database(installation: Installation, *statements: str) -> None:
    """What nothing but a fault could do."""
    connection = sqlite3.connect(installation.home / "stocktake.sqlite")
    try:
        with connection:
            for statement in statements:
                connection.execute(statement)
    finally:
        connection.close()


def test_twenty_rounds_of_changes_are_exact_every_time(synced: Installation, tenant: Simulator) -> None:
    for round_ in range(20):
        tenant.control("change", {"steps": 1 + round_ % 3, "fraction": (0.01, 0.05, 0.2)[round_ % 3]})
        if round_ % 5 == 4:
            tenant.control("clock", {"advance": 6 * DAY_S})
        lines = lines_of(synced.sync())
        assert modes(lines) == {"delta"}
        assert lines["users"]["rows"] == len(tenant.oracle("users"))
        assert lines["memberships"]["rows"] == len(tenant.oracle("memberships"))
        assert_exact(synced, tenant)
    assert tenant.ledger()["complaints"] == []


def test_postgresql_follows_too(tmp_path: Path, tenant: Simulator, database_url: str) -> None:
    installation = Installation(tmp_path / "home", database_url=database_url)
    installation.connect(tenant)
    lines_of(installation.sync())
    seldom = Installation(installation.home, database_url=database_url, licence_states_every=24)
    for each in (installation, seldom, installation):
        tenant.control("change", {"steps": 2, "fraction": 0.1})
        assert modes(lines_of(each.sync())) == {"delta"}
    assert_exact(installation, tenant)
    tenant.control("clock", {"advance": 8 * DAY_S})
    tenant.control("change", {"steps": 1, "fraction": 0.1})
    assert modes(lines_of(installation.sync())) == {"full"}
    lines = lines_of(installation.run("sync", "norvelt", "--full", "--json"))
    assert lines["users"]["check"].endswith("delta had missed nothing")
    assert_exact(installation, tenant)


def test_an_unchanged_tenant_costs_a_request_and_a_count_for_each_delta(tmp_path: Path, tenant: Simulator) -> None:
    installation = Installation(tmp_path / "home", graph_page_size=1)
    installation.connect(tenant)
    first = lines_of(installation.sync())
    second = lines_of(installation.sync())
    spent = [sum(lines[source]["requests"] for source in BY_DELTA) for lines in (first, second)]
    assert spent[1] == 4
    assert spent[1] < 0.02 * spent[0]  # of a tenant of 250 pages; a larger one costs 4 requests, too
    for source in (*BY_DELTA, "assignments"):
        line = second[source]
        assert (line["added"], line["changed"], line["removed"]) == (0, 0, 0)
        assert line["rows"] == first[source]["rows"]
    assert second["users"]["check"].startswith("$count 250, known 250 after 0 changes")
    assert second["assignments"]["mode"] == "full"
    assert second["assignments"]["check"].endswith("read for all 250 users")


def test_a_token_of_eight_days_ago_means_everything_again(synced: Installation, tenant: Simulator) -> None:
    tenant.control("change", {"steps": 3, "fraction": 0.1})
    tenant.control("clock", {"advance": 8 * DAY_S})
    lines = lines_of(synced.sync())
    assert modes(lines) == {"full"}
    for source in ("users", "groups"):
        assert "the delta token had expired" in lines[source]["check"]
    assert_exact(synced, tenant)
    tenant.control("change", {"steps": 1, "fraction": 0.05})
    assert modes(lines_of(synced.sync())) == {"delta"}
    assert_exact(synced, tenant)
    assert tenant.ledger()["complaints"] == []


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "expired_delta_token"},
        {"kind": "status", "status": 400},
        {"kind": "forbidden"},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_a_token_that_graph_refuses_means_everything_again(
    synced: Installation, tenant: Simulator, fault: dict[str, Any]
) -> None:
    tenant.control("change", {"steps": 1, "fraction": 0.05})
    tenant.control("faults", [{"match": match, "times": 1, **fault} for match in (USERS_DELTA, GROUPS_DELTA)])
    lines = lines_of(synced.sync())
    assert [rule["used"] for rule in tenant.faults()] == [1, 1]
    assert modes(lines) == {"full"}
    assert "everything was read" in lines["users"]["check"]
    assert_exact(synced, tenant)
    tenant.control("change", {"steps": 1, "fraction": 0.05})
    assert modes(lines_of(synced.sync())) == {"delta"}
    assert_exact(synced, tenant)


@pytest.mark.parametrize(
    ("tampered", "why"),
    [
        ("DELETE FROM cursors", None),
        ("UPDATE cursors SET fingerprint = 'of another version'", "what is asked for, or who asks"),
        ("UPDATE cursors SET link = 'https://elsewhere.example/v1.0/users/delta?$deltatoken=x'", "another host"),
        (
            "UPDATE cursors SET link = replace(link, '$deltatoken=', '$deltatoken=x') WHERE link IS NOT NULL",
            "the delta token had expired",
        ),
        ("UPDATE cursors SET full_at = '2026-01-01T00:00:00Z'", "a full pass is due every 7 days"),
    ],
    ids=["lost", "other properties", "foreign", "garbled", "old"],
)
def test_a_cursor_that_is_no_good_means_everything_again(
    synced: Installation, tenant: Simulator, tampered: str, why: str | None
) -> None:
    tenant.control("change", {"steps": 1, "fraction": 0.05})
    database(synced, tampered)
    lines = lines_of(synced.sync())
    assert modes(lines) == {"full"}
    assert (why or "$count") in lines["users"]["check"]
    assert_exact(synced, tenant)
    assert modes(lines_of(synced.sync())) == {"delta"}
    assert tenant.ledger()["complaints"] == []


def test_a_full_pass_counts_what_delta_had_missed(synced: Installation, tenant: Simulator) -> None:
    tenant.control("change", {"steps": 1, "fraction": 0.05})
    lines = lines_of(synced.run("sync", "norvelt", "--full", "--json"))
    assert modes(lines) == {"full"}
    for source in BY_DELTA:
        assert lines[source]["check"].endswith("delta had missed nothing"), lines[source]
    assert "a full pass was asked for" in lines["users"]["check"]
    assert_exact(synced, tenant)
    database(
        synced,
        "UPDATE users SET department = 'Nowhere' WHERE to_run IS NULL AND id IN (SELECT min(id) FROM users)",
        "DELETE FROM memberships WHERE (group_id, member_id) IN (SELECT group_id, member_id FROM memberships LIMIT 1)",
    )
    daily = Installation(synced.home, full_every_days=0)
    lines = lines_of(daily.sync())
    assert lines["users"]["check"].endswith("warning: delta had missed changes of 1")
    assert lines["memberships"]["check"].endswith("warning: delta had missed changes of 1")
    assert lines["groups"]["check"].endswith("delta had missed nothing")
    assert_exact(synced, tenant)


@pytest.mark.parametrize(
    ("lost", "source"),
    [
        ("DELETE FROM users WHERE id IN (SELECT min(id) FROM users WHERE to_run IS NULL)", "users"),
        ("DELETE FROM groups WHERE id IN (SELECT min(id) FROM groups WHERE to_run IS NULL)", "groups"),
    ],
    ids=["user", "group"],
)
def test_a_round_that_does_not_come_to_graphs_count_is_not_believed(
    synced: Installation, tenant: Simulator, lost: str, source: str
) -> None:
    database(synced, lost)
    lines = lines_of(synced.sync())
    assert lines[source]["mode"] == "full"
    assert "everything was read" in lines[source]["check"]
    assert "delta had missed changes of 1" in lines[source]["check"]
    assert_exact(synced, tenant)


def test_one_lost_and_one_too_many_are_noticed_although_the_count_is_right(
    synced: Installation, tenant: Simulator
) -> None:
    database(synced, "UPDATE users SET id = 0 WHERE id IN (SELECT min(id) FROM users WHERE to_run IS NULL)")
    lines = lines_of(synced.sync())
    assert lines["users"]["mode"] == "full"
    assert "delta and a listing do not agree on 2 users" in lines["users"]["check"]
    assert_exact(synced, tenant)


def test_licence_states_have_a_cadence_of_their_own(synced: Installation, tenant: Simulator) -> None:
    tenant.control("change", {"steps": 1, "fraction": 0.02})
    seldom = Installation(synced.home, licence_states_every=24)
    tenant.control("ledger", {}, method="DELETE")
    lines = lines_of(seldom.sync())
    assert lines["assignments"]["mode"] == "delta"
    assert "changed users, the others" in lines["assignments"]["check"]
    assert tenant.ledger()["requests"].get("$batch GET /v1.0/users/{id}", 0) > 0
    assert differences(synced, tenant, "users") == []
    wrong = differences(synced, tenant, "assignments")
    assert wrong, "a state changed that delta does not tell"
    assert len(wrong) < 30
    lines_of(synced.sync())
    assert_exact(synced, tenant)


def test_new_people_have_their_licences_whatever_the_cadence(synced: Installation, tenant: Simulator) -> None:
    seldom = Installation(synced.home, licence_states_every=24)
    known = {row["id"] for row in tenant.oracle("users")}
    tenant.control("change", {"steps": 2, "fraction": 0.05})
    lines_of(seldom.sync())
    new = {row["id"] for row in tenant.oracle("users")} - known
    expected = {(row["user_id"], row["sku_id"]) for row in tenant.oracle("assignments") if row["user_id"] in new}
    found = {(row["user_id"], row["sku_id"]) for row in synced.rows("assignments") if row["user_id"] in new}
    assert new
    assert expected == found
    gone = known - {row["id"] for row in tenant.oracle("users")}
    assert gone
    assert not [row for row in synced.rows("assignments") if row["user_id"] in gone]


def test_where_graph_refuses_members_they_are_asked_for_group_by_group(tmp_path: Path, tenant: Simulator) -> None:
    installation = Installation(tmp_path / "home")
    installation.connect(tenant)
    for _ in range(2):
        tenant.control("faults", [{"match": GROUPS_DELTA, "times": None, "kind": "status", "status": 501}])
        lines = lines_of(installation.sync())
        assert lines["groups"]["mode"] == lines["memberships"]["mode"] == "full"
        assert "Graph refused the delta" in lines["groups"]["check"]
        assert "asked for every one of the listed groups" in lines["memberships"]["check"]
        assert_exact(installation, tenant)
        tenant.control("change", {"steps": 1, "fraction": 0.05})
    tenant.control("faults", [])
    lines_of(installation.sync())
    assert_exact(installation, tenant)
    tenant.control("change", {"steps": 1, "fraction": 0.05})
    assert modes(lines_of(installation.sync())) == {"delta"}
    assert_exact(installation, tenant)


def test_a_cloud_without_delta_is_read_whole_every_time(tmp_path: Path, tenant: Simulator) -> None:
    installation = Installation(tmp_path / "home")
    installation.connect(tenant)
    tenant.control("faults", [{"match": "/delta", "times": None, "kind": "status", "status": 501}])
    for _ in range(2):
        lines = lines_of(installation.sync())
        assert "Graph gave no delta token" in lines["users"]["check"]
        assert lines["users"]["mode"] == "full"
        assert_exact(installation, tenant)
        tenant.control("change", {"steps": 1, "fraction": 0.05})
    assert tenant.ledger()["complaints"] == []


def test_earlier_days_stay_as_they_were(synced: Installation, tenant: Simulator) -> None:
    database(synced, "UPDATE runs SET finished_at = '2026-01-01T00:00:00Z'")
    before = synced.rows("memberships"), synced.rows("users")
    tenant.control("change", {"steps": 2, "fraction": 0.2})
    lines_of(synced.sync())
    assert (synced.rows("memberships"), synced.rows("users")) != before
    as_of = ("--as-of", "2026-01-02")
    assert (synced.rows("memberships", *as_of), synced.rows("users", *as_of)) == before
