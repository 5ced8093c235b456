"""/users: what comes, how much of it, in which order, and what is refused."""

from collections.abc import Callable

import pytest
from tests.m365sim.graph.asking import EVENTUAL, Graph
from tests.simulator import Simulator

# resources/user.md: what comes without $select.
DEFAULTS = (
    "businessPhones displayName givenName id jobTitle mail mobilePhone officeLocation preferredLanguage surname "
    "userPrincipalName"
)
BASIC = "displayName givenName id mail surname userPrincipalName"
SELECT = "$select=id,userPrincipalName,displayName,accountEnabled,assignedLicenses,licenseAssignmentStates"


def test_a_listing_holds_everybody_once_in_pages(graph: Graph, simulator: Simulator) -> None:
    pages = list(graph.pages(f"users?{SELECT}&$top=150"))
    ids = [user["id"] for page in pages for user in page["value"]]
    expected = {user["id"] for user in simulator.oracle("users")}
    assert len(pages) > 3
    assert len(ids) == len(set(ids))
    assert set(ids) == expected
    assert all(len(page["value"]) == 150 for page in pages[:-1])


def test_hundred_by_default(graph: Graph) -> None:
    assert len(graph.json("users?$select=id")["value"]) == 100


def test_select_gives_what_was_asked_for_and_the_id(graph: Graph) -> None:
    page = graph.json("users?$select=mail,DISPLAYNAME&$top=3")
    assert all(set(user) == {"mail", "displayName", "id"} for user in page["value"])
    assert page["@odata.context"].endswith("/v1.0/$metadata#users(mail,displayName)")


def test_defaults_without_select(graph: Graph) -> None:
    page = graph.json("users?$top=1")
    assert set(page["value"][0]) == set(DEFAULTS.split())


def test_licences_agree_with_the_oracle(graph: Graph, simulator: Simulator) -> None:
    expected: dict[str, set[tuple[str, str | None, str]]] = {}
    for row in simulator.oracle("assignments"):
        expected.setdefault(row["user_id"], set()).add((row["sku_id"], row["group_id"], row["state"]))
    for user in graph.rows(f"users?{SELECT}&$top=999"):
        states = user["licenseAssignmentStates"]
        found = {(state["skuId"], state["assignedByGroup"], state["state"]) for state in states}
        assert found == expected.get(user["id"], set())
        assert {licence["skuId"] for licence in user["assignedLicenses"]} == {
            state["skuId"] for state in states if state["state"] != "Error"
        }


def test_count_needs_the_header_and_stands_on_the_first_page(graph: Graph, simulator: Simulator) -> None:
    """Examples advanced-query-silent.5 and advanced-query-error.1."""
    everybody = len(simulator.oracle("users"))
    assert "@odata.count" not in graph.json("users?$count=true&$select=id")
    pages = list(graph.pages("users?$count=true&$select=id&$top=400", **EVENTUAL))
    assert pages[0]["@odata.count"] == everybody
    assert all("@odata.count" not in page for page in pages[1:])
    answer = graph.ask("users/$count", headers=EVENTUAL)
    assert (answer.text, answer.headers["Content-Type"]) == (str(everybody), "text/plain")
    assert graph.refused("users/$count") == (400, "Request_BadRequest", "$count is not currently supported.")
    guests = sum(user["user_type"] == "Guest" for user in simulator.oracle("users"))
    assert graph.ask("users/$count?$filter=userType eq 'Guest'", headers=EVENTUAL).text == str(guests)


@pytest.mark.parametrize(
    ("address", "status", "code", "part"),
    [
        ("users?$select=nothing", 400, "BadRequest", "Could not find a property named 'nothing' on type"),
        ("users?$select=id,skills", 501, "NotImplemented", "This operation target is not yet supported."),
        ("users?$top=1000", 400, "Request_UnsupportedQuery", "Must be between 1 and 999 inclusive."),
        ("users?$top=0", 400, "Request_UnsupportedQuery", "Must be between 1 and 999 inclusive."),
        ("users?$top=many", 400, "BadRequest", "Invalid value 'many' for $top"),
        ("users?$skip=5", 400, "Request_BadRequest", "'$skip' is not supported by the service."),
        ("users?$wrong=5", 400, "BadRequest", "'$wrong' is not supported"),
        ("users?$select=id&$select=mail", 400, "BadRequest", "more than once"),
        ("users?$filter=accountEnabled ne true", 400, "Request_UnsupportedQuery", "required parameters"),
        ("users?$orderby=department", 400, "Request_UnsupportedQuery", "Sorting not supported"),
        ('users?$search="displayName:a"', 400, "Request_UnsupportedQuery", "'ConsistencyLevel: eventual'"),
        ("users?$select=id,signInActivity&$top=999", 400, "Request_BadRequest", "more than 500 users"),
        ("users?$skiptoken=invented", 400, "Request_BadRequest", "page token"),
        ("users/nobody@nowhere.example", 404, "Request_ResourceNotFound", "'nobody@nowhere.example'"),
        ("users/x/unknownThings", 400, "BadRequest", "Resource not found for the segment 'unknownThings'."),
        ("unknownThings", 400, "BadRequest", "Resource not found for the segment 'unknownThings'."),
    ],
)
def test_refusals(graph: Graph, address: str, status: int, code: str, part: str) -> None:
    found = graph.refused(address)
    assert found[:2] == (status, code)
    assert part in found[2]


def test_filter_and_order(graph: Graph, simulator: Simulator) -> None:
    disabled = {user["id"] for user in simulator.oracle("users") if not user["account_enabled"]}
    assert disabled
    assert {user["id"] for user in graph.rows("users?$filter=accountEnabled eq false&$select=id")} == disabled
    advanced = "users?$filter=accountEnabled ne true&$count=true&$orderby=displayName desc&$select=displayName&$top=7"
    rows = graph.rows(advanced, **EVENTUAL)
    names = [user["displayName"].lower() for user in rows]
    assert {user["id"] for user in rows} == disabled
    assert names == sorted(names, reverse=True)
    names = [user["userPrincipalName"].lower() for user in graph.rows("users?$orderby=userPrincipalName&$top=333")]
    assert len(names) == len(simulator.oracle("users"))
    assert names == sorted(names)


def test_one_user_by_id_and_by_name(graph: Graph, simulator: Simulator) -> None:
    known = simulator.oracle("users")[0]
    for name in (known["id"], known["user_principal_name"].upper()):
        user = graph.json(f"users/{name}?$select=displayName,skills,department")
        assert (user["id"], user["displayName"], user["skills"]) == (known["id"], known["display_name"], [])
        assert user["@odata.context"].endswith("#users(displayName,skills,department)/$entity")
    details = graph.json(f"users/{known['id']}/licenseDetails")["value"]
    held = {row["sku_id"] for row in simulator.oracle("assignments")
            if row["user_id"] == known["id"] and row["state"] != "Error"}  # fmt: skip
    assert {row["skuId"] for row in details} == held


def test_pages_stay_whole_while_people_come_and_go(fresh: Simulator, graph: Graph) -> None:
    stayed = {user["id"] for user in fresh.oracle("users")}
    seen: list[str] = []
    for page in graph.pages("users?$select=id&$top=50"):
        seen.extend(user["id"] for user in page["value"])
        fresh.control("change", {"steps": 1, "fraction": 0.02})
        stayed &= {user["id"] for user in fresh.oracle("users")}
    assert len(seen) == len(set(seen))
    assert stayed <= set(seen)


def test_a_page_token_lives_an_hour(fresh: Simulator, graph: Graph) -> None:
    link = graph.json("users?$select=id&$top=10")["@odata.nextLink"]
    fresh.control("clock", {"advance": 3500})
    assert len(graph.json(link)["value"]) == 10
    fresh.control("clock", {"advance": 200})
    graph.renew()
    status, code, _ = graph.refused(link)
    assert (status, code) == (400, "Directory_ExpiredPageToken")


def test_a_page_token_belongs_to_its_question(graph: Graph) -> None:
    link = graph.json("users?$select=id&$top=10")["@odata.nextLink"]
    token = link.partition("$skiptoken=")[2]
    assert graph.refused(f"groups?$select=id&$skiptoken={token}")[0] == 400
    assert graph.refused(f"users?$filter=accountEnabled eq true&$skiptoken={token}")[0] == 400


def test_sign_ins(graph: Graph, simulator: Simulator) -> None:
    expected = {user["id"]: user["last_successful_sign_in_at"] for user in simulator.oracle("users")}
    rows = graph.rows("users?$select=id,signInActivity&$top=500")
    assert len(rows) == len(expected)
    found = {user["id"]: user.get("signInActivity", {}).get("lastSuccessfulSignInDateTime") for user in rows}
    assert found == expected
    assert any("signInActivity" not in user for user in rows)


def test_sign_ins_need_a_premium_licence(fresh: Simulator, graph: Graph) -> None:
    fresh.control("tenant", {"premium": False})
    status, code, _ = graph.refused("users?$select=id,signInActivity")
    assert (status, code) == (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant")
    fresh.control("tenant", {"premium": True})


def test_permissions(graph_with: Callable[..., Graph]) -> None:
    nothing = graph_with("Reports.Read.All")
    denied = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
    for address in ("users", "groups", "subscribedSkus", "domains", "directory/subscriptions", "users/delta"):
        assert nothing.refused(address) == denied
    users = graph_with("User.Read.All")
    assert users.json("users?$top=1")["value"]
    assert users.refused("groups") == denied
    assert users.refused("users?$select=id,signInActivity")[:2] == (403, "Authentication_MSGraphPermissionMissing")
    basic = graph_with("User.ReadBasic.All")
    assert set(basic.json("users?$top=1")["value"][0]) == set(
        "displayName givenName id mail surname userPrincipalName".split()  # noqa: SIM905
    )
    assert basic.refused("users?$select=id,accountEnabled") == denied


def test_headers_and_methods(graph: Graph) -> None:
    mine = {"client-request-id": "5b8f8a9e-0000-4000-8000-000000000001"}
    answer = graph.ask(f"users?{SELECT}&$top=999", headers=mine)
    assert answer.headers["client-request-id"] == mine["client-request-id"]
    assert answer.headers["request-id"]
    assert answer.headers["OData-Version"] == "4.0"
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Content-Type"].startswith("application/json;odata.metadata=minimal")
    assert answer.headers["x-ms-resource-unit"] == "1"
    assert graph.ask("users").headers["x-ms-resource-unit"] == "2"
    plain = graph.ask(f"users?{SELECT}&$top=999", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert plain.json()["value"] == answer.json()["value"]
    refused = graph.ask("users/nobody", headers=mine).json()["error"]["innerError"]
    assert refused["client-request-id"] == mine["client-request-id"]
    assert set(refused) == {"date", "request-id", "client-request-id"}
    assert graph.ask("users", "DELETE").status_code == 405


def test_deleted_users(graph: Graph, simulator: Simulator) -> None:
    listed = {user["id"] for user in simulator.oracle("users")}
    rows = graph.rows("directory/deletedItems/microsoft.graph.user?$select=id,displayName,deletedDateTime")
    assert rows
    assert all(row["deletedDateTime"] for row in rows)
    assert not listed & {row["id"] for row in rows}
