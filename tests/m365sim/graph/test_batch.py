"""$batch: each inner request is judged and answered by itself."""

from collections.abc import Callable
from typing import Any

import pytest
from tests.m365sim.graph.asking import EVENTUAL, Graph
from tests.simulator import Simulator


def get(name: str, url: str, **more: Any) -> dict[str, Any]:
    return {"id": name, "method": "GET", "url": url, **more}


def test_inner_answers_equal_plain_ones(graph: Graph, simulator: Simulator) -> None:
    group = simulator.oracle("groups")[0]["id"]
    urls = [f"/groups/{group}/members?$select=id&$top=999", "users?$select=id&$top=5", "/subscribedSkus", "/nowhere"]
    replies = graph.batch(*(get(str(number), url) for number, url in enumerate(urls)))
    for number, url in enumerate(urls):
        plain, reply = graph.ask(url), replies[str(number)]
        assert reply["status"] == plain.status_code
        if plain.ok:
            assert reply["body"]["value"] == plain.json()["value"]
            assert reply["headers"]["OData-Version"] == "4.0"
        else:
            assert reply["body"]["error"]["code"] == plain.json()["error"]["code"]
        assert reply["headers"]["Content-Type"] == plain.headers["Content-Type"]


def test_a_next_link_inside_can_be_followed(graph: Graph) -> None:
    replies = graph.batch(get("a", "/users?$select=id&$top=5"))
    link = replies["a"]["body"]["@odata.nextLink"]
    assert len(graph.json(link)["value"]) == 5


def test_headers_and_unquoted_filters_of_inner_requests(graph: Graph) -> None:
    """Example batch.1, request 5."""
    url = "users?$select=id,displayName,userPrincipalName&$filter=city eq null&$count=true"
    replies = graph.batch(get("5", url, headers=EVENTUAL), get("6", "users/$count", headers=EVENTUAL))
    assert replies["5"]["body"]["@odata.count"] > 0
    assert replies["5"]["headers"]["x-ms-resource-unit"] == "1"
    assert replies["6"]["body"] > 0


def test_a_report_inside_a_batch_is_a_redirect(graph: Graph, simulator: Simulator) -> None:
    reply = graph.batch(get("r", "/reports/getOffice365ActiveUserDetail(period='D7')"))["r"]
    assert reply["status"] == 302
    assert reply["headers"]["Location"].startswith(f"{simulator.reports_url}/data/download/")


def test_what_depends_on_a_failure_fails(graph: Graph) -> None:
    replies = graph.batch(
        get("3", "/users?$top=1", dependsOn=["2"]), get("2", "/users/nobody", dependsOn=["1"]), get("1", "/domains")
    )
    assert [replies[name]["status"] for name in "123"] == [200, 404, 424]


def test_other_methods_are_refused_inside(graph: Graph) -> None:
    """Example batch.1, request 4."""
    reply = graph.batch({"id": "4", "method": "DELETE", "url": "/groups"})["4"]
    assert (reply["status"], reply["body"]["error"]["code"]) == (405, "Request_BadRequest")


@pytest.mark.parametrize(
    "requests",
    [
        [],
        [get(str(number), "/domains") for number in range(21)],
        [get("a", "/domains"), get("A", "/domains")],
        [get("a", "/domains", dependsOn=["b"])],
        [{"id": "a", "url": "/domains"}],
    ],
    ids=["empty", "more than twenty", "equal ids", "unknown dependency", "no method"],
)
def test_a_malformed_batch_is_refused_whole(graph: Graph, requests: list[dict[str, Any]]) -> None:
    answer = graph.ask("$batch", "POST", json={"requests": requests})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "BadRequest")


def test_permissions_are_those_of_the_inner_requests(graph_with: Callable[..., Graph]) -> None:
    replies = graph_with("User.Read.All").batch(get("u", "/users?$top=1"), get("g", "/groups"))
    assert (replies["u"]["status"], replies["g"]["status"]) == (200, 403)
    assert replies["g"]["body"]["error"]["code"] == "Authorization_RequestDenied"


def test_one_inner_request_can_be_throttled(fresh: Simulator, graph: Graph) -> None:
    fresh.control("faults", [{"match": r"GET /v1\.0/domains", "kind": "throttle", "retry_after": "1.5"}])
    replies = graph.batch(get("d", "/domains"), get("s", "/subscribedSkus"))
    assert (replies["d"]["status"], replies["d"]["headers"]["Retry-After"]) == (429, "1.5")
    assert replies["d"]["body"]["error"]["code"] == "TooManyRequests"
    assert replies["s"]["status"] == 200
    assert fresh.ledger()["batch_items"] == 2
