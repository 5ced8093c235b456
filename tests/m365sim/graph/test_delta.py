"""Delta rounds: what a client that applies them knows equals the listing, whatever happened meanwhile."""

from typing import Any

import pytest
from tests.m365sim.graph.asking import Graph
from tests.simulator import Simulator

USERS = "users/delta?$select=id,displayName,department,accountEnabled,assignedLicenses"
GROUPS = "groups/delta?$select=id,displayName,members"
Known = dict[str, dict[str, Any]]


def follow(graph: Graph, address: str, known: Known) -> str:
    """Apply a round as the documentation says and hand back its deltaLink."""
    page: dict[str, Any] = {}
    for page in graph.pages(address):
        assert ("@odata.nextLink" in page) != ("@odata.deltaLink" in page)
        for row in page["value"]:
            apply(row, known)
    return str(page["@odata.deltaLink"])


def apply(row: dict[str, Any], known: Known) -> None:
    if "@removed" in row:
        known.pop(row["id"], None)
        return
    mine = known.setdefault(row["id"], {"members": set()})
    mine.update({name: value for name, value in row.items() if name != "members@delta"})
    for link in row.get("members@delta", ()):
        if "@removed" in link:
            mine["members"].discard(link["id"])
        else:
            mine["members"].add(link["id"])


def assert_users_known(graph: Graph, known: Known) -> None:
    listed = graph.rows("users?$select=id,displayName,department,accountEnabled,assignedLicenses&$top=999")
    assert known.keys() == {user["id"] for user in listed}
    for user in listed:
        mine = known[user["id"]]
        assert {name: mine.get(name) for name in user} == user


def assert_groups_known(simulator: Simulator, known: Known) -> None:
    expected: dict[str, set[str]] = {group["id"]: set() for group in simulator.oracle("groups")}
    for row in simulator.oracle("memberships"):
        expected[row["group_id"]].add(row["member_id"])
    assert {group_id: mine["members"] for group_id, mine in known.items()} == expected


def test_users_follow_every_change(fresh: Simulator, graph: Graph) -> None:
    known: Known = {}
    link = follow(graph, USERS, known)
    assert_users_known(graph, known)
    assert [page["value"] for page in graph.pages(link)] == [[]]
    for _ in range(8):
        fresh.control("change", {"steps": 1, "fraction": 0.02})
        link = follow(graph, link, known)
        assert_users_known(graph, known)


def test_groups_follow_every_change(fresh: Simulator, graph: Graph) -> None:
    known: Known = {}
    link = follow(graph, GROUPS, known)
    assert_groups_known(fresh, known)
    for _ in range(8):
        fresh.control("change", {"steps": 1, "fraction": 0.05})
        link = follow(graph, link, known)
        assert_groups_known(fresh, known)


@pytest.mark.parametrize("first", [USERS, GROUPS])
def test_changes_during_a_round_are_not_lost(fresh: Simulator, graph: Graph, first: str) -> None:
    known: Known = {}
    link: str | None = first
    last = ""
    while link is not None:
        page = graph.json(link)
        for row in page["value"]:
            apply(row, known)
        fresh.control("change", {"steps": 1, "fraction": 0.03})
        link, last = page.get("@odata.nextLink"), page.get("@odata.deltaLink", "")
    follow(graph, last, known)
    if first == USERS:
        assert_users_known(graph, known)
    else:
        assert_groups_known(fresh, known)


def test_the_first_round_leaves_out_what_was_never_set(graph: Graph) -> None:
    rows = graph.rows(USERS)
    assert not [row for row in rows if None in row.values()]
    assert any("department" not in row for row in rows if "@removed" not in row)


def test_only_what_changed_comes_later(fresh: Simulator, graph: Graph) -> None:
    link = list(graph.pages(USERS))[-1]["@odata.deltaLink"]
    fresh.control("change", {"steps": 1, "fraction": 0.01})
    rows = graph.rows(link, Prefer="return=minimal")
    assert 0 < len(rows) < len(fresh.oracle("users")) / 2


def test_latest_starts_from_now(fresh: Simulator, graph: Graph) -> None:
    page = graph.json(f"{USERS}&$deltatoken=latest")
    assert page["value"] == []
    assert page["@odata.context"].endswith("#users(id,displayName,department,accountEnabled,assignedLicenses)")
    before = {user["id"] for user in fresh.oracle("users")}
    fresh.control("change", {"steps": 2, "fraction": 0.02})
    rows = graph.rows(page["@odata.deltaLink"])
    after = {user["id"] for user in fresh.oracle("users")}
    assert after - before <= {row["id"] for row in rows if "@removed" not in row}
    assert before - after <= {row["id"] for row in rows if "@removed" in row}
    assert all(set(row) == {"id", "displayName", "department", "accountEnabled", "assignedLicenses"}
               for row in rows if "@removed" not in row)  # fmt: skip


def test_a_large_group_goes_on_over_pages(graph: Graph, simulator: Simulator) -> None:
    pages = list(graph.pages("groups/delta?$select=members"))
    links = [sum(len(row.get("members@delta", ())) for row in page["value"]) for page in pages]
    assert max(links) <= 5000
    assert sum(links) == len(simulator.oracle("memberships"))


def test_delta_with_a_filter_on_ids(graph: Graph, simulator: Simulator) -> None:
    wanted = [user["id"] for user in simulator.oracle("users")[:2]]
    text = " or ".join(f"id eq '{user_id}'" for user_id in wanted)
    assert [row["id"] for row in graph.rows(f"users/delta?$select=id&$filter={text}")] == sorted(wanted)
    assert graph.refused("users/delta?$filter=accountEnabled eq true")[0] == 400
    assert graph.refused("users/delta?$orderby=displayName")[0] == 400


def test_a_delta_link_lives_seven_days(fresh: Simulator, graph: Graph) -> None:
    link = graph.json(f"{USERS}&$deltatoken=latest")["@odata.deltaLink"]
    fresh.control("clock", {"advance": 7 * 86_400 - 60})
    graph.renew()
    assert graph.json(link)["value"] == []
    fresh.control("clock", {"advance": 120})
    graph.renew()
    answer = graph.ask(link)
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "resyncRequired")
    again = answer.headers["Location"]
    assert "$deltatoken=&" in again
    assert len(graph.rows(again)) >= len(fresh.oracle("users"))


def test_an_invented_delta_token_is_gone(graph: Graph) -> None:
    answer = graph.ask("users/delta?$deltatoken=invented")
    assert (answer.status_code, answer.json()["error"]["code"]) == (410, "syncStateNotFound")
    assert answer.headers["Location"].endswith("/v1.0/users/delta?$deltatoken=")
