"""Faults hit the requests that they are meant for, and do what their name says."""

import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import requests
import urllib3
from tests.m365sim.identity.signing_in import post
from tests.simulator import Simulator

USERS = "/v1.0/users?$select=id&$top=500"


def ask(graph: requests.Session, simulator: Simulator, target: str, **options: Any) -> requests.Response:
    return graph.get(simulator.graph_url + target, allow_redirects=False, timeout=30, **options)


def ids(graph: requests.Session, simulator: Simulator, target: str) -> tuple[list[str], list[int]]:
    """Every id of a listing, and how many stood on each page."""
    found: list[str] = []
    sizes: list[int] = []
    link: str | None = simulator.graph_url + target
    while link is not None:
        page = graph.get(link, timeout=30).json()
        found += [row["id"] for row in page["value"]]
        sizes.append(len(page["value"]))
        link = page.get("@odata.nextLink")
    return found, sizes


def test_skip_and_times_choose_the_requests(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": r"GET /v1\.0/users\?", "kind": "status", "skip": 1, "times": 2}])
    answers = [ask(graph, fresh, USERS).status_code for _ in range(5)]
    assert answers == [200, 503, 503, 200, 200]
    assert ask(graph, fresh, "/v1.0/organization").status_code == 200
    [rule] = fresh.faults()
    assert (rule["seen"], rule["used"]) == (5, 2)


def test_rules_come_one_after_the_other(fresh: Simulator, graph: requests.Session) -> None:
    rules = [{"match": "users", "kind": "status", "status": status} for status in (500, 502, 504)]
    fresh.control("faults", rules)
    assert [ask(graph, fresh, USERS).status_code for _ in range(4)] == [500, 502, 504, 200]
    fresh.control("faults", method="DELETE")
    assert fresh.faults() == []


def test_rules_see_decoded_addresses(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": r"\$filter=startsWith\(displayName,'A'\)$", "kind": "not_found"}])
    plain = "/v1.0/users?$select=id&$filter=startsWith(displayName,'A')"
    assert ask(graph, fresh, plain.replace("'", "%27").replace("$", "%24")).status_code == 404


@pytest.mark.parametrize(
    ("given", "shown"), [({}, "2"), ({"retry_after": "1.5"}, "1.5"), ({"retry_after": None}, None)]
)
def test_throttled(fresh: Simulator, graph: requests.Session, given: dict[str, Any], shown: str | None) -> None:
    fresh.control("faults", [{"match": "users", "kind": "throttle", **given}])
    answer = ask(graph, fresh, USERS)
    assert answer.status_code == 429
    assert answer.headers.get("Retry-After") == shown
    error = answer.json()["error"]
    assert error["code"] == "TooManyRequests"
    assert set(error["innerError"]) >= {"code", "date", "message", "request-id", "status"}
    assert fresh.ledger()["throttled"] == 1


def test_throttled_with_a_date(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": "users", "kind": "throttle", "retry_after": "+3"}])
    until = parsedate_to_datetime(ask(graph, fresh, USERS).headers["Retry-After"])
    assert 2 <= (until - datetime.now(UTC)).total_seconds() <= 4.1


@pytest.mark.parametrize("kind", ["json", "html", "empty"])
def test_a_status_with_each_body(fresh: Simulator, graph: requests.Session, kind: str) -> None:
    rule = {"match": "users", "kind": "status", "status": 502, "body_kind": kind, "code": "Odd", "retry_after": "7"}
    fresh.control("faults", [rule])
    answer = ask(graph, fresh, USERS)
    assert (answer.status_code, answer.headers["Retry-After"]) == (502, "7")
    if kind == "json":
        assert answer.json()["error"]["code"] == "Odd"
    else:
        assert answer.text.startswith("<!DOCTYPE html>" if kind == "html" else "")
        assert (answer.text == "") == (kind == "empty")


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("expired_page_token", 400, "Directory_ExpiredPageToken"),
        ("expired_delta_token", 410, "syncStateNotFound"),
        ("not_found", 404, "Request_ResourceNotFound"),
        ("forbidden", 403, "Authorization_RequestDenied"),
    ],
)
def test_refusals(fresh: Simulator, graph: requests.Session, kind: str, status: int, code: str) -> None:
    fresh.control("faults", [{"match": "users/delta", "kind": kind}])
    answer = ask(graph, fresh, "/v1.0/users/delta?$select=id&$deltatoken=x")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    if status == 410:
        assert answer.headers["Location"] == f"{fresh.graph_url}/v1.0/users/delta?$deltatoken="


def test_a_dropped_connection(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": "users", "kind": "drop"}])
    with pytest.raises(requests.ConnectionError):
        ask(graph, fresh, USERS)
    assert ask(graph, fresh, USERS).status_code == 200


def test_a_truncated_body(fresh: Simulator, graph: requests.Session) -> None:
    plain = {"headers": {"Accept-Encoding": "identity"}, "stream": True}
    fresh.control("faults", [{"match": "users", "kind": "truncate"}])
    with ask(graph, fresh, USERS, **plain) as answer:
        assert answer.status_code == 200
        announced = int(answer.headers["Content-Length"])
        half = answer.raw.read(announced // 2)
        assert len(half) == announced // 2
        with pytest.raises(urllib3.exceptions.ProtocolError):
            answer.raw.read(1000)
    with ask(graph, fresh, USERS, **plain) as answer:
        assert answer.content.startswith(half[:1000])
    fresh.control("faults", [{"match": "users", "kind": "truncate"}])
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(graph, fresh, USERS)


def test_a_slow_answer_comes(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": "users", "kind": "slow", "ms": 300}])
    begun = time.monotonic()
    assert ask(graph, fresh, USERS).status_code == 200
    assert time.monotonic() - begun >= 0.3


def test_a_stalled_answer_ends_with_the_client(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": "users", "kind": "stall"}])
    with pytest.raises(requests.exceptions.RequestException):
        graph.get(fresh.graph_url + USERS, timeout=0.5)
    assert ask(graph, fresh, USERS).status_code == 200


@pytest.mark.parametrize("skip", [0, 1, 2])
@pytest.mark.parametrize(
    "target", ["/v1.0/users?$select=id&$top=500", "/v1.0/users/delta?$select=id", "/v1.0/groups?$select=id&$top=40"]
)
def test_an_empty_page_hides_nothing(fresh: Simulator, graph: requests.Session, target: str, skip: int) -> None:
    expected, sizes = ids(graph, fresh, target)
    skip = min(skip, len(sizes) - 1)
    fresh.control("ledger", method="DELETE")
    fresh.control(
        "faults", [{"match": target.partition("?")[0] + r"\?", "kind": "empty_page", "skip": skip, "times": 2}]
    )
    found, with_empty = ids(graph, fresh, target)
    assert found == expected
    assert with_empty == [*sizes[:skip], 0, 0, *sizes[skip:]]
    assert fresh.ledger()["complaints"] == []


def test_links_that_lead_astray(fresh: Simulator, graph: requests.Session) -> None:
    fresh.control("faults", [{"match": "users", "kind": kind} for kind in ("foreign_next_link", "loop_next_link")])
    foreign, loop = (ask(graph, fresh, USERS).json()["@odata.nextLink"] for _ in range(2))
    assert foreign == fresh.reports_url + USERS
    assert loop == fresh.graph_url + USERS


def test_a_request_inside_a_batch(fresh: Simulator, graph: requests.Session) -> None:
    groups = [row["id"] for row in fresh.oracle("groups")[:3]]
    rule = {"match": r"GET /v1\.0/groups/[^/]+/members", "kind": "throttle", "skip": 1, "retry_after": "5"}
    fresh.control("faults", [rule])
    items = [
        {"id": str(number), "method": "GET", "url": f"/groups/{group}/members?$select=id"}
        for number, group in enumerate(groups)
    ]
    answer = graph.post(f"{fresh.graph_url}/v1.0/$batch", json={"requests": items}, timeout=30)
    assert answer.status_code == 200
    replies = {reply["id"]: reply for reply in answer.json()["responses"]}
    assert [replies[str(number)]["status"] for number in range(3)] == [200, 429, 200]
    assert replies["1"]["headers"]["Retry-After"] == "5"
    again = graph.post(f"{fresh.graph_url}/v1.0/$batch", json={"requests": items[1:2]}, timeout=30)
    assert again.status_code == 200
    ledger = fresh.ledger()
    assert (ledger["batch_items"], ledger["throttled"]) == (4, 1)
    assert [item["complaint"] for item in ledger["complaints"]] == ["asked before Retry-After had passed"]


def test_the_token_endpoint_and_the_download_host_fail_as_well(fresh: Simulator, graph: requests.Session) -> None:
    rules = [
        {"match": r"POST /[^/]+/oauth2/v2\.0/token", "kind": "throttle", "retry_after": "1"},
        {"match": r"POST /[^/]+/oauth2/v2\.0/token", "kind": "status", "status": 503},
        {"match": "GET /data/download/", "kind": "status", "status": 500},
    ]
    fresh.control("faults", rules)
    throttled, failed = post(graph, fresh), post(graph, fresh)
    assert (throttled.status_code, throttled.json()["error_codes"]) == (429, [90055])
    assert (failed.status_code, failed.json()["error_codes"]) == (503, [90033])
    report = ask(graph, fresh, "/v1.0/reports/getOffice365ActiveUserDetail(period='D7')")
    assert report.status_code == 302
    download = requests.get(report.headers["Location"], verify=str(fresh.ca_bundle), timeout=30)
    assert download.status_code == 500


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "array"),
        (["x"], "a rule is an object"),
        ([{"match": "x"}], "there is no fault None"),
        ([{"match": "(", "kind": "drop"}], "no regular expression"),
        ([{"match": "x", "kind": "drop", "colour": 1}], "no field 'colour'"),
        ([{"match": "x", "kind": "drop", "times": -1}], "times is a whole number"),
        ([{"match": "x", "kind": "status", "status": 200}], "status is from 400 to 599"),
        ([{"match": "x", "kind": "status", "body_kind": "xml"}], "body_kind is one of"),
        ([{"match": "x", "kind": "throttle", "retry_after": "soon"}], "retry_after is seconds"),
    ],
)
def test_bad_rules_are_refused_in_one_line(simulator: Simulator, rules: object, words: str) -> None:
    answer = simulator.ask_control("faults", rules)
    assert answer.status_code == 400
    assert words in answer.text
    assert answer.text.count("\n") == 1
