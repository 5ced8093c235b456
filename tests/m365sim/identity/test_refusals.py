"""Each refusal of the token endpoint and of discovery, with Microsoft's number, status and body."""

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from tests.contract import examples, needs_contract
from tests.m365sim.identity.signing_in import ASSERTION, SCOPE, assertion, msal_client, post, token_url
from tests.simulator import Simulator

DESCRIPTION = re.compile(
    r"AADSTS(\d+): .+\r\nTrace ID: [0-9a-f-]{36}\r\nCorrelation ID: [0-9a-f-]{36}\r\n"
    r"Timestamp: \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ"
)


def refused(answer: requests.Response) -> tuple[int, int, str]:
    """(number, HTTP status, OAuth's word) of a refusal whose body has the published shape."""
    body = answer.json()
    assert list(body) == [
        *("error", "error_description", "error_codes", "timestamp", "trace_id", "correlation_id", "error_uri")
    ]
    found = DESCRIPTION.fullmatch(body["error_description"])
    assert found, body["error_description"]
    assert body["error_codes"] == [int(found[1])]
    assert body["trace_id"] in body["error_description"]
    assert body["correlation_id"] in body["error_description"]
    assert body["error_description"].endswith(f"Timestamp: {body['timestamp']}")
    assert body["error_uri"].endswith(f"/error?code={found[1]}")
    assert "no-store" in answer.headers["Cache-Control"]
    return int(found[1]), answer.status_code, body["error"]


FIELDS: dict[str, tuple[dict[str, Any], tuple[int, int, str]]] = {
    "wrong secret": ({"client_secret": "wrong"}, (7000215, 401, "invalid_client")),
    "no credential": ({"client_secret": None}, (7000216, 401, "invalid_client")),
    "unknown application": (
        {"client_id": "11111111-2222-3333-4444-555555555555"},
        (700016, 400, "unauthorized_client"),
    ),
    "unknown tenant": ({"tenant": "nobody.example"}, (90002, 400, "invalid_request")),
    "unknown tenant id": ({"tenant": "11111111-2222-3333-4444-555555555555"}, (90002, 400, "invalid_request")),
    "malformed tenant": ({"tenant": "nobody"}, (900023, 400, "invalid_request")),
    "common": ({"tenant": "common"}, (9001023, 400, "invalid_request")),
    "consumers": ({"tenant": "consumers"}, (9001023, 400, "invalid_request")),
    "organizations": ({"tenant": "organizations"}, (50059, 400, "invalid_request")),
    "scope without default": (
        {"scope": "https://graph.microsoft.com/User.Read.All"},
        (1002012, 400, "invalid_scope"),
    ),
    "only openid": ({"scope": "openid"}, (1002012, 400, "invalid_scope")),
    "two resources": ({"scope": f"{SCOPE} https://other.example/.default"}, (70011, 400, "invalid_scope")),
    "no resource": ({"scope": "/.default"}, (70011, 400, "invalid_scope")),
    "unknown resource": ({"scope": "https://other.example/.default"}, (500011, 400, "invalid_resource")),
    "no scope": ({"scope": None}, (900144, 400, "invalid_request")),
    "no grant type": ({"grant_type": None}, (900144, 400, "invalid_request")),
    "no client id": ({"client_id": None}, (900144, 400, "invalid_request")),
    "unsupported grant": ({"grant_type": "password2"}, (70003, 400, "unsupported_grant_type")),
    "assertion of no type": (
        {"client_secret": None, "client_assertion": "a.b.c"},
        (900144, 400, "invalid_request"),
    ),
    "assertion that is none": (
        {"client_secret": None, "client_assertion": "nonsense", "client_assertion_type": ASSERTION},
        (50027, 401, "invalid_client"),
    ),
}


@pytest.mark.parametrize("case", FIELDS)
def test_what_is_asked_wrongly(simulator: Simulator, http: requests.Session, case: str) -> None:
    fields, expected = FIELDS[case]
    assert refused(post(http, simulator, **fields)) == expected


def test_an_expired_secret(simulator: Simulator, http: requests.Session) -> None:
    planted = simulator.application("expired secret")
    answer = post(http, simulator, client_id=planted["client_id"], client_secret=planted["client_secret"])
    assert refused(answer) == (7000222, 401, "invalid_client")
    assert planted["client_secret"] not in answer.text
    wrong = post(http, simulator, client_id=planted["client_id"], client_secret="wrong")
    assert refused(wrong)[0] == 7000215


def test_a_secret_expires_by_the_clock_and_by_order(fresh: Simulator, http: requests.Session) -> None:
    fresh.control("clock", {"advance": 366 * 86_400})
    assert refused(post(http, fresh))[0] == 7000222
    fresh.control("clock", {"advance": -366 * 86_400})
    assert post(http, fresh).status_code == 200
    fresh.control(f"applications/{fresh.client_id}", {"expire_secrets": True})
    assert refused(post(http, fresh))[0] == 7000222


def signed(http: requests.Session, simulator: Simulator, text: str) -> tuple[int, int, str]:
    answer = post(http, simulator, client_secret=None, client_assertion_type=ASSERTION, client_assertion=text)
    return refused(answer)


OTHER = "11111111-2222-3333-4444-555555555555"
ASSERTIONS: dict[str, tuple[Callable[[Simulator], str], int]] = {
    "over": (lambda simulator: assertion(simulator, exp=int(time.time()) - 3600), 700024),
    "not yet": (lambda simulator: assertion(simulator, nbf=int(time.time()) + 3600), 700024),
    "without end": (lambda simulator: assertion(simulator, exp=None), 50027),
    "of another application": (lambda simulator: assertion(simulator, iss=OTHER, sub=OTHER), 700021),
    "for another tenant": (
        lambda simulator: assertion(simulator, aud=f"{simulator.login_url}/{OTHER}/oauth2/v2.0/token"),
        700023,
    ),
    "altered": (lambda simulator: altered(assertion(simulator)), 700027),
    "by an unnamed key": (lambda simulator: assertion(simulator, thumbprint=""), 700027),
}


def altered(token: str) -> str:
    head, body, signature = token.split(".")
    return ".".join([head, body, ("A" if signature[0] != "A" else "B") + signature[1:]])


@pytest.mark.parametrize("case", ASSERTIONS)
def test_assertions_that_prove_nothing(simulator: Simulator, http: requests.Session, case: str) -> None:
    make, number = ASSERTIONS[case]
    assert signed(http, simulator, make(simulator)) == (number, 401, "invalid_client")


def test_a_certificate_that_is_not_registered_any_more(fresh: Simulator, http: requests.Session) -> None:
    fresh.control(f"applications/{fresh.client_id}", {"remove_keys": True})
    assert signed(http, fresh, assertion(fresh)) == (700027, 401, "invalid_client")


def test_a_certificate_expires_by_the_clock(fresh: Simulator, http: requests.Session) -> None:
    ahead = 366 * 86_400
    fresh.control("clock", {"advance": ahead})
    later = int(time.time()) + ahead
    assert signed(http, fresh, assertion(fresh, nbf=later, iat=later, exp=later + 600))[0] == 700027


def test_a_registration_of_another_tenant(simulator: Simulator, http: requests.Session) -> None:
    other = simulator.tenants[1]["id"]
    assert refused(post(http, simulator, tenant=other))[0] == 700016
    provider = simulator.application("provider")
    missing = post(http, simulator, client_id=provider["client_id"], client_secret=provider["client_secret"])
    assert refused(missing)[0] == 7000229


def test_msal_reports_them(simulator: Simulator, http: requests.Session) -> None:
    answer = msal_client(http, simulator, "wrong").acquire_token_for_client([SCOPE])
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])
    assert answer["error_description"].startswith("AADSTS7000215: Invalid client secret provided.")
    unknown = msal_client(http, simulator, "wrong", client_id=OTHER).acquire_token_for_client([SCOPE])
    assert unknown["error_codes"] == [700016]
    with pytest.raises(ValueError, match="double check your tenant name"):
        msal_client(http, simulator, "wrong", tenant="nobody.example").acquire_token_for_client([SCOPE])


def test_only_post_is_answered(simulator: Simulator, http: requests.Session) -> None:
    assert refused(http.get(token_url(simulator)))[0] == 900561


def test_the_correlation_id_comes_back(simulator: Simulator, http: requests.Session) -> None:
    http.headers["client-request-id"] = "12345678-1234-1234-1234-123456789abc"
    assert post(http, simulator, client_secret="wrong").json()["correlation_id"] == http.headers["client-request-id"]


@needs_contract
def test_bodies_have_the_keys_of_the_published_ones(simulator: Simulator, http: requests.Session) -> None:
    published = examples("oauth-error-with-uri", "oauth-client-credentials", "oauth-client-credentials-secret")
    ours = post(http, simulator, scope="/.default").json()
    tokens = post(http, simulator).json()
    checked = 0
    for example in published:
        body = example.get("response", {}).get("body", {})
        if "error" in body:
            assert set(body) - {"error_uri"} == set(ours) - {"error_uri"}
            assert (body["error"], body["error_codes"]) == (ours["error"], ours["error_codes"])
            first = body["error_description"].split("\r\n")
            assert [line.split(":")[0] for line in first] == [
                line.split(":")[0] for line in ours["error_description"].split("\r\n")
            ]
            checked += 1
        elif "access_token" in body:
            assert set(body) <= set(tokens)
            checked += 1
    assert checked >= 3
