"""/groups and their members."""

from collections.abc import Callable

from tests.m365sim.graph.asking import EVENTUAL, Graph
from tests.simulator import Simulator


def members_of(simulator: Simulator) -> dict[str, set[tuple[str, str]]]:
    found: dict[str, set[tuple[str, str]]] = {}
    for row in simulator.oracle("memberships"):
        found.setdefault(row["group_id"], set()).add((row["member_id"], row["member_type"]))
    return found


def test_the_listing_agrees_with_the_oracle(graph: Graph, simulator: Simulator) -> None:
    rows = graph.rows("groups?$select=id,displayName,assignedLicenses&$top=30")
    expected = {row["id"]: (row["display_name"], set(row["licence_sku_ids"])) for row in simulator.oracle("groups")}
    assert len(rows) == len(expected)
    assert {
        row["id"]: (row["displayName"], {licence["skuId"] for licence in row["assignedLicenses"]}) for row in rows
    } == expected
    assert graph.ask("groups/$count", headers=EVENTUAL).text == str(len(expected))


def test_single_properties_are_refused_on_the_collection(graph: Graph, simulator: Simulator) -> None:
    assert graph.refused("groups?$select=id,unseenCount")[0] == 501
    group = simulator.oracle("groups")[0]
    assert set(graph.json(f"groups/{group['id']}?$select=unseenCount")) == {"@odata.context", "id", "unseenCount"}


def test_direct_members_with_their_types(graph: Graph, simulator: Simulator) -> None:
    expected = members_of(simulator)
    for group in simulator.oracle("groups"):
        rows = graph.rows(f"groups/{group['id']}/members?$select=id&$top=999")
        found = [(row["id"], row["@odata.type"].removeprefix("#microsoft.graph.")) for row in rows]
        assert len(found) == len(set(found))
        assert set(found) == expected.get(group["id"], set())
        assert all(set(row) == {"id", "@odata.type"} for row in rows)


def test_members_in_pages_and_counted(graph: Graph, simulator: Simulator) -> None:
    group_id, expected = max(members_of(simulator).items(), key=lambda item: len(item[1]))
    pages = list(graph.pages(f"groups/{group_id}/members?$select=id,displayName&$top=20&$count=true", **EVENTUAL))
    assert len(pages) > 2
    assert pages[0]["@odata.count"] == len(expected)
    assert {row["id"] for page in pages for row in page["value"]} == {member for member, _ in expected}
    assert graph.ask(f"groups/{group_id}/members/$count", headers=EVENTUAL).text == str(len(expected))
    users = {member for member, kind in expected if kind == "user"}
    cast = f"groups/{group_id}/members/microsoft.graph.user"
    rows = graph.rows(f"{cast}?$count=true&$select=displayName", **EVENTUAL)
    assert {row["id"] for row in rows} == users
    assert all("@odata.type" not in row for row in rows)
    assert graph.ask(f"{cast}/$count", headers=EVENTUAL).text == str(len(users))
    assert graph.refused(cast)[1] == "Request_UnsupportedQuery"
    assert graph.refused(f"groups/{group_id}/members?$filter=startswith(displayName,'a')")[0] == 400


def test_transitive_members_each_once(graph: Graph, simulator: Simulator) -> None:
    direct = members_of(simulator)
    nested = 0
    for group_id in direct:
        reached: set[str] = set()
        waiting = [group_id]
        while waiting:
            for member, _ in direct.get(waiting.pop(), set()):
                if member not in reached:
                    reached.add(member)
                    waiting.append(member)
        reached.discard(group_id)
        rows = [row["id"] for row in graph.rows(f"groups/{group_id}/transitiveMembers?$select=id&$top=999")]
        assert len(rows) == len(set(rows))
        assert set(rows) == reached
        nested += len(reached) > len(direct[group_id])
    assert nested


def test_members_that_one_may_not_read_show_their_type_alone(
    graph_with: Callable[..., Graph], simulator: Simulator
) -> None:
    group_id = next(group_id for group_id, members in members_of(simulator).items()
                    if {"user", "device"} <= {kind for _, kind in members})  # fmt: skip
    asking = graph_with("GroupMember.Read.All", "User.Read.All")
    for row in asking.rows(f"groups/{group_id}/members?$select=id,displayName&$top=999"):
        readable = row["@odata.type"] in {"#microsoft.graph.user", "#microsoft.graph.group"}
        assert (row["displayName"] is not None) == readable


def test_deleted_groups(fresh: Simulator, graph: Graph) -> None:
    for _ in range(10):
        fresh.control("change", {"steps": 1, "fraction": 0.02})
    rows = graph.rows("directory/deletedItems/microsoft.graph.group")
    assert all("Unified" in row["groupTypes"] and row["deletedDateTime"] for row in rows)
