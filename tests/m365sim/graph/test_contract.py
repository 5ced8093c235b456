"""Every answer fits Microsoft's published types, and every published example has its like here."""

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.contract import CONTRACT, examples, needs_contract
from tests.m365sim.graph.asking import EVENTUAL, Graph
from tests.simulator import Simulator

pytestmark = needs_contract

# address here, path in the published description
ADDRESSES = [
    ("organization", "/organization"),
    ("domains", "/domains"),
    ("domains/{domain}", "/domains/{id}"),
    ("subscribedSkus", "/subscribedSkus"),
    ("subscribedSkus/{sku}", "/subscribedSkus/{id}"),
    ("directory/subscriptions", "/directory/subscriptions"),
    ("directory/subscriptions/{subscription}", "/directory/subscriptions/{id}"),
    ("users", "/users"),
    ("users?$select=*&$top=500", "/users"),
    ("users?$count=true&$top=3&$filter=accountEnabled ne true", "/users"),
    ("users?$select=id,signInActivity,licenseAssignmentStates,assignedPlans,employeeOrgData&$top=500", "/users"),
    ("users/{user}", "/users/{id}"),
    ("users/{user}?$select=*", "/users/{id}"),
    ("users/{user}/licenseDetails", "/users/{id}/licenseDetails"),
    ("users/delta", "/users/delta"),
    ("users/delta?$deltatoken=latest", "/users/delta"),
    ("groups", "/groups"),
    ("groups?$select=*&$top=999", "/groups"),
    ("groups/{group}", "/groups/{id}"),
    ("groups/{group}?$select=*", "/groups/{id}"),
    ("groups/delta", "/groups/delta"),
    ("groups/delta?$select=displayName,members", "/groups/delta"),
    ("groups/{group}/members", "/groups/{id}/members"),
    ("groups/{group}/members?$select=id,displayName,mail", "/groups/{id}/members"),
    ("groups/{group}/members/microsoft.graph.user?$count=true", "/groups/{id}/members/microsoft.graph.user"),
    ("groups/{group}/transitiveMembers?$top=999", "/groups/{id}/transitiveMembers"),
    ("directory/deletedItems/microsoft.graph.user", "/directory/deletedItems/microsoft.graph.user"),
    ("directory/deletedItems/microsoft.graph.group", "/directory/deletedItems/microsoft.graph.group"),
    ("admin/reportSettings", "/admin/reportSettings"),
    ("users?$select=nothing", "/users"),
    ("users/nobody", "/users/{id}"),
    ("users/delta?$deltatoken=invented", "/users/delta"),
]


@lru_cache
def description() -> dict[str, Any]:
    import json

    return dict(json.loads((CONTRACT / "openapi-slice.json").read_text(encoding="utf-8")))


def schema_of(path: str, status: int, method: str = "get") -> dict[str, Any]:
    responses = description()["paths"][path][method]["responses"]
    found = responses.get(str(status)) or responses[f"{status // 100}XX"]
    if "$ref" in found:
        found = description()["components"]["responses"][found["$ref"].rsplit("/", 1)[1]]
    return dict(next(iter(found["content"].values()))["schema"])


def assert_valid(body: Any, path: str, status: int, method: str = "get") -> None:
    whole = {**schema_of(path, status, method), "components": description()["components"]}
    errors = list(Draft202012Validator(whole).iter_errors(body))
    assert not errors, [(list(error.absolute_path), error.message[:200]) for error in errors[:3]]


@pytest.fixture(scope="module")
def ids(simulator: Simulator) -> dict[str, str]:
    sizes: dict[str, int] = {}
    for row in simulator.oracle("memberships"):
        sizes[row["group_id"]] = sizes.get(row["group_id"], 0) + 1
    return {
        "user": simulator.oracle("assignments")[0]["user_id"],
        "group": max(sizes, key=lambda group_id: sizes[group_id]),
        "sku": f"{simulator.tenant_id}_{simulator.oracle('subscriptions')[0]['sku_id']}",
        "subscription": simulator.oracle("terms")[0]["subscription_id"],
        "domain": simulator.tenant,
    }


@pytest.mark.parametrize(("address", "path"), ADDRESSES, ids=[address for address, _ in ADDRESSES])
def test_answers_fit_the_published_types(graph: Graph, ids: dict[str, str], address: str, path: str) -> None:
    link: str | None = address.format(**ids)
    pages = 0
    while link is not None and pages < 5:
        answer = graph.ask(link, headers=EVENTUAL)
        assert_valid(answer.json(), path, answer.status_code)
        link = answer.json().get("@odata.nextLink")
        pages += 1


def test_a_batch_fits_the_published_type(graph: Graph) -> None:
    payload = {"requests": [{"id": "1", "method": "GET", "url": "/domains"}]}
    assert_valid(graph.ask("$batch", "POST", json=payload).json(), "/$batch", 200, "post")


# Published examples that this simulator has the endpoint for.
EXAMPLES = examples(
    "advanced-query-error", "advanced-query-silent", "concept-aad-advanced-queries", "concept-delta-query-overview",
    "directory-list-subscriptions", "directory-deleteditems-list", "domain-list", "domain-get", "group-get",
    "group-list", "group-list-members", "group-list-transitivemembers", "organization-list", "organization-get",
    "subscribedsku-list", "subscribedsku-get", "user-list", "user-get", "user-list-licensedetails",
    "adminreportsettings-get", "reportroot-getoffice365activeuserdetail",
    "user-delta", "group-delta",
)  # fmt: skip
# Not served: applications, the signed-in user, tokens of somebody else, reports as JSON (beta); the last is a slip.
_ELSEWHERE = re.compile(r"/applications|/me(/|$)|token=pq|token=oE|\$format=|\$orderbydisplayName", re.IGNORECASE)
# Printed by an example and in no published type.
_UNPUBLISHED = {"creationOptions"}


def served() -> Iterator[Any]:
    for example in EXAMPLES:
        url = example["request"]["url"]
        if not _ELSEWHERE.search(url) and example["request"]["method"] == "GET":
            yield pytest.param(example, id=example["name"])


@pytest.mark.parametrize("example", list(served()))
def test_published_examples_have_their_like(graph: Graph, ids: dict[str, str], example: dict[str, Any]) -> None:
    wanted = example["response"]
    answer = graph.ask(ours(example["request"]["url"], ids), headers=example["request"]["headers"])
    assert answer.status_code == (302 if "activeuserdetail" in example["name"] else wanted["status"]), answer.text
    body = wanted.get("body")
    if not isinstance(body, dict):
        return
    found = answer.json()
    assert set(body) - set(found) <= {"@odata.nextLink"} | _UNPUBLISHED
    if "error" in body:
        assert found["error"]["code"] == body["error"]["code"]
        assert set(body["error"]["innerError"]) <= set(found["error"]["innerError"])
        if example["name"].startswith("advanced-query"):
            assert found["error"]["message"] == body["error"]["message"]
        return
    assert_rows_alike(graph, ids, example, found)


def assert_rows_alike(graph: Graph, ids: dict[str, str], example: dict[str, Any], found: dict[str, Any]) -> None:
    """What was selected is there; what an example prints unasked can at least be had by asking."""
    url = example["request"]["url"]
    printed = {name for row in rows_of(example["response"]["body"]) for name in row if not name.startswith("@")}
    mine = [{name for name in row if not name.startswith("@")} for row in rows_of(found) if "@removed" not in row]
    if "$select=" in url:
        asked = {name.lower() for name in re.split(",", url.partition("$select=")[2].partition("&")[0])} | {"id"}
        # Delta leaves out what was never set, the listing the sign-ins of an account without any.
        optional = asked if "delta" in example["name"] else {"signinactivity"}
        for row in mine:
            assert asked - optional <= {name.lower() for name in row} <= asked
        return
    if not mine:
        return
    missing = printed - _UNPUBLISHED - {name for row in mine for name in row} - {"members@delta"}
    if missing:
        plain = ours(url, ids).partition("?")[0]
        cast = "$count=true&" if "microsoft.graph" in plain else ""
        asked_for = graph.json(f"{plain}?{cast}$select={','.join(sorted(missing))}", **EVENTUAL)
        shown = {name for row in rows_of(asked_for) for name in row}
        assert missing <= shown or "delta" in example["name"]


def rows_of(body: dict[str, Any]) -> list[dict[str, Any]]:
    value = body.get("value", [body])
    return value if isinstance(value, list) else [value]


def ours(url: str, ids: dict[str, str]) -> str:
    """The example's address with objects that exist here."""
    address = re.sub(r"^https://graph\.microsoft\.com/(v1\.0|beta)/", "", url)
    address = address.replace("contoso.com", ids["domain"]) if address.startswith("domains/") else address
    kind = "sku" if address.startswith("subscribedSkus") else "group" if address.startswith("groups") else "user"
    address = re.sub(r"\{[^}]*\}", ids[kind], address)
    return re.sub(r"(?<=groups/)[0-9a-f-]{36}", ids["group"], address)
