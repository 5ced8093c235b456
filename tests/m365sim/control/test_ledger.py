"""The ledger complains about what it is there for, and about nothing else."""

from typing import Any

import pytest
import requests
from tests.m365sim.identity.signing_in import bearer, post
from tests.simulator import Simulator

USERS = "/v1.0/users?$select=id&$top=500"


def complaints(simulator: Simulator) -> list[str]:
    found = simulator.ledger()["complaints"]
    assert all(set(item) == {"complaint", "request", "at"} for item in found)
    return [item["complaint"] for item in found]


def get(graph: requests.Session, url: str, **options: Any) -> requests.Response:
    return graph.get(url, allow_redirects=False, timeout=30, **options)


def test_a_well_behaved_client(fresh: Simulator, graph: requests.Session) -> None:
    post(graph, fresh)
    for target in (USERS, "/v1.0/groups?$select=id", "/v1.0/users/delta?$select=id&$deltatoken=latest"):
        link: str | None = fresh.graph_url + target
        while link is not None:
            page = get(graph, link).json()
            link = page.get("@odata.nextLink")
        if delta := page.get("@odata.deltaLink"):
            assert get(graph, delta).status_code == 200
    group = fresh.oracle("groups")[0]["id"]
    get(graph, f"{fresh.graph_url}/v1.0/groups/{group}/members?$select=id")
    get(graph, f"{fresh.graph_url}/v1.0/users/$count", headers={"ConsistencyLevel": "eventual"})
    report = get(graph, f"{fresh.graph_url}/v1.0/reports/getOffice365ActiveUserDetail(period='D7')")
    del graph.headers["Authorization"]
    assert get(graph, report.headers["Location"]).status_code == 200
    ledger = fresh.ledger()
    assert ledger["complaints"] == []
    assert ledger["resource_units"] > 5
    assert ledger["requests"] == {
        "GET /data/download/{token}": 1,
        "GET /v1.0/groups": 1,
        "GET /v1.0/groups/{id}/members": 1,
        "GET /v1.0/reports/getOffice365ActiveUserDetail()": 1,
        "GET /v1.0/users": 3,
        "GET /v1.0/users/$count": 1,
        "GET /v1.0/users/delta": 2,
        "POST /{tenant}/oauth2/v2.0/token": 1,
    }


def test_asking_before_retry_after(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": "users", "kind": "throttle", "retry_after": "60"}])
    assert get(graph, fresh.graph_url + USERS).status_code == 429
    # Reports are throttled apart from the directory, and so are other applications.
    get(graph, f"{fresh.graph_url}/v1.0/reports/getOffice365ActiveUserDetail(period='D7')")
    guide = fresh.application("guide")
    other = bearer(graph, fresh, client_id=guide["client_id"], client_secret=guide["client_secret"])
    get(graph, fresh.graph_url + USERS, headers={"Authorization": other})
    get(graph, fresh.graph_url + USERS, headers={"Authorization": other})
    assert complaints(fresh) == []
    get(graph, fresh.graph_url + USERS)
    assert complaints(fresh) == ["asked before Retry-After had passed"]


def test_a_renewed_token_is_no_stranger(fresh: Simulator, graph: requests.Session) -> None:
    get(graph, f"{fresh.graph_url}/v1.0/organization")
    renewed = bearer(graph, fresh)
    get(graph, f"{fresh.graph_url}/v1.0/organization", headers={"Authorization": renewed})
    fresh.control("faults", [{"match": "users", "kind": "status", "retry_after": "60"}])
    get(graph, fresh.graph_url + USERS)
    get(graph, fresh.graph_url + USERS, headers={"Authorization": renewed})
    assert complaints(fresh) == ["asked before Retry-After had passed"]


def test_waiting_long_enough_is_fine(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": "users", "kind": "throttle", "retry_after": "0.05", "times": 1}])
    get(graph, fresh.graph_url + USERS)
    fresh.control("faults", [{"match": "organization", "kind": "slow", "ms": 100}])
    get(graph, f"{fresh.graph_url}/v1.0/reports/getOffice365ActiveUserDetail(period='D7')")
    graph.get(f"{fresh.control_url}/state", timeout=30)
    get(graph, fresh.graph_url + "/v1.0/organization")
    get(graph, fresh.graph_url + USERS)
    assert complaints(fresh) == []


def test_the_same_page_twice(fresh: Simulator, graph: requests.Session) -> None:
    link = get(graph, fresh.graph_url + USERS).json()["@odata.nextLink"]
    fresh.control("faults", [{"match": "skiptoken", "kind": "status", "times": 1}])
    assert get(graph, link).status_code == 503
    assert get(graph, link).status_code == 200
    assert complaints(fresh) == []
    get(graph, link)
    assert complaints(fresh) == ["asked for the same page twice"]


def test_a_listing_that_begins_anew_may_repeat_its_links(fresh: Simulator, graph: requests.Session) -> None:
    for _ in range(2):
        get(graph, get(graph, fresh.graph_url + USERS).json()["@odata.nextLink"])
    assert complaints(fresh) == []


def test_a_token_at_another_host(fresh: Simulator, graph: requests.Session) -> None:
    report = get(graph, f"{fresh.graph_url}/v1.0/reports/getOffice365ActiveUserDetail(period='D7')")
    get(graph, report.headers["Location"])
    assert complaints(fresh) == ["sent an Authorization header to another host"]
    fresh.control("faults", [{"match": "users", "kind": "foreign_next_link"}])
    get(graph, get(graph, fresh.graph_url + USERS).json()["@odata.nextLink"])
    assert complaints(fresh) == ["sent an Authorization header to another host"] * 2


@pytest.mark.parametrize(
    "target", ["users", "groups", "users/delta", "groups/delta?$deltatoken=latest", "users?$top=5"]
)
def test_lists_without_select(fresh: Simulator, graph: requests.Session, target: str) -> None:
    get(graph, f"{fresh.graph_url}/v1.0/{target}")
    assert complaints(fresh) == ["listed without $select"]


def test_other_methods(fresh: Simulator, graph: requests.Session) -> None:
    user = fresh.oracle("users")[0]["id"]
    graph.patch(f"{fresh.graph_url}/v1.0/users/{user}", json={}, timeout=30)
    graph.delete(f"{fresh.graph_url}/v1.0/users/{user}", timeout=30)
    assert complaints(fresh) == ["used another method than GET"] * 2
    items = [
        {"id": "1", "method": "DELETE", "url": f"/users/{user}"},
        {"id": "2", "method": "GET", "url": "/users"},
        {"id": "3", "method": "GET", "url": "/organization"},
    ]
    fresh.control("ledger", method="DELETE")
    graph.post(f"{fresh.graph_url}/v1.0/$batch", json={"requests": items}, timeout=30)
    assert complaints(fresh) == ["put something else than GET into a batch", "listed without $select"]
    assert fresh.ledger()["requests"] == {
        "$batch DELETE /v1.0/users/{id}": 1,
        "$batch GET /v1.0/organization": 1,
        "$batch GET /v1.0/users": 1,
        "POST /v1.0/$batch": 1,
    }
