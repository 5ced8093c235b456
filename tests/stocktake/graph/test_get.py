"""Every way in which a request can go wrong, and what comes of it."""

import asyncio
import base64
import gzip
import json
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import msgspec
import pytest
import trustme
from tests.stocktake.graph.graph_server import Asked, GraphServer, Say, Tokens, only

from stocktake.errors import (
    ConfigurationError,
    ExpiredLinkError,
    LicenceMissingError,
    PermissionMissingError,
    TransientError,
    UntrustworthyAnswerError,
)
from stocktake.graph.answers import NotFoundError, RefusedError
from stocktake.graph.client import GraphClient
from stocktake.graph.meter import Meter
from stocktake.graph.pages import page_decoder
from stocktake.graph.transport import unpack


class Thing(msgspec.Struct, gc=False):
    id: str


THINGS = page_decoder(Thing)


def in_a_second(asked: Asked) -> Say:
    del asked
    now = datetime.now(UTC).replace(microsecond=0)
    dated = {"Retry-After": format_datetime(now + timedelta(seconds=1), usegmt=True)}
    return Say(429, {"error": {"code": "TooManyRequests", "message": "Please retry again later."}}, dated)


async def test_a_page_is_read(graph: GraphServer, client: GraphClient) -> None:
    meter = Meter()
    link = f"{graph.url}/v1.0/users?$skiptoken=a%2Fb+c"
    graph.script(
        "/v1.0/users", Say(body={"value": [{"id": "1"}], "@odata.nextLink": link}, headers={"x-ms-resource-unit": "2"})
    )
    eventual = {"ConsistencyLevel": "eventual"}
    page = await client.get_page(client.url("/users?$select=id"), THINGS, meter, headers=eventual)
    assert [thing.id for thing in page.items] == ["1"]
    assert (page.next_link, page.delta_link) == (link, None)
    await client.get_page(link, THINGS, meter)
    assert [asked.target for asked in graph.asked] == ["/v1.0/users?$select=id", "/v1.0/users?$skiptoken=a%2Fb+c"]
    asked = graph.asked[0]
    assert asked.headers["Authorization"] == "Bearer token-1"
    assert asked.headers["ConsistencyLevel"] == "eventual"
    assert "gzip" in asked.headers["Accept-Encoding"]
    assert "Stocktake" in asked.headers["User-Agent"]
    assert asked.peer == graph.asked[1].peer
    assert (meter.requests, meter.retries, meter.resource_units, meter.throttled) == (2, 0, 4, 0)
    assert meter.bytes > 0


@pytest.mark.parametrize(
    "trouble",
    [
        Say(500, {"error": {"code": "generalException", "message": "x"}}),
        Say(502, b"<html>Bad gateway</html>", {"Content-Type": "text/html"}),
        Say(503, b""),
        Say(504, {"error": {"code": "UnknownError", "message": ""}}),
        Say(509),
        Say(409, {"error": {"code": "Directory_ConcurrencyViolation", "message": "x"}}),
        Say(drop=True),
        Say(cut=True),
        Say(body=b'{"value": [{"id": "1"}, {"id'),
        Say(body=b"<html><body>Sign in to the network</body></html>", headers={"Content-Type": "text/html"}),
        Say(body=b""),
        Say(429, b"", {"Retry-After": "0"}),
        Say(429, b"", {"Retry-After": "0.05"}),
        Say(429, b""),
    ],
)
async def test_trouble_is_outlived(graph: GraphServer, client: GraphClient, trouble: Say) -> None:
    meter = Meter()
    graph.script("/v1.0/users", trouble, trouble, Say())
    page = await client.get_page(client.url("/users"), THINGS, meter)
    assert len(page.items) == 2
    body = await client.get(client.url("/users"), meter)
    assert json.loads(body)["value"]
    assert (meter.requests, meter.retries) == (4, 2)
    assert meter.throttled == (2 if trouble.status == 429 else 0)
    assert meter.waited_s > 0
    assert meter.waiting == ""


async def test_silence_is_broken_off(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/users", Say(stall=True), Say())
    meter = Meter()
    await client.get(client.url("/users"), meter)
    assert (meter.requests, meter.retries) == (2, 1)


async def test_plain_get_does_not_trust_a_cut_body_either(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/organization", Say(body=b'{"value": ['), Say())
    assert json.loads(await client.get(client.url("/organization"), Meter())) == Say().body


@pytest.mark.parametrize("cut", [slice(None, -1), slice(None, -40), slice(10, None), slice(0, 5)])
async def test_packed_pages(graph: GraphServer, client: GraphClient, cut: slice) -> None:
    packed = gzip.compress(json.dumps({"value": [{"id": str(number)} for number in range(500)]}).encode())
    zipped = {"Content-Encoding": "gzip"}
    graph.script(
        "/v1.0/users",
        Say(body=packed[cut], headers=zipped),
        Say(body=b"abc", headers={"Content-Encoding": "br"}),
        Say(body=packed, headers=zipped),
    )
    meter = Meter()
    assert len((await client.get_page(client.url("/users"), THINGS, meter)).items) == 500
    assert meter.retries == 2


def test_unpacking_knows_several_streams() -> None:
    assert unpack(gzip.compress(b"one") + gzip.compress(b"two")) == b"onetwo"
    large = b"x" * 10_000_000
    assert unpack(gzip.compress(large)) == large


async def test_a_count_is_plain_text(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/users/$count", Say(body=b"\xef\xbb\xbf1234", headers={"Content-Type": "text/plain"}))
    assert await client.get(client.url("/users/$count"), Meter()) == b"\xef\xbb\xbf1234"


@pytest.mark.parametrize("text", ["1", "0.3"])
async def test_retry_after_is_waited_for(graph: GraphServer, client: GraphClient, text: str) -> None:
    graph.script("/v1.0/users", Say(429, b"", {"Retry-After": text}), Say())
    await client.get(client.url("/users"), Meter())
    first, second = graph.asked
    assert second.at - first.at >= float(text)


async def test_a_date_is_waited_for(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/users", in_a_second, Say())
    await client.get(client.url("/users"), Meter())
    first, second = graph.asked
    assert second.at - first.at >= 1.0


async def test_throttling_is_outlived_however_often_it_comes(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/users", *[Say(429, b"")] * 12, Say())
    meter = Meter()
    await client.get(client.url("/users"), meter)
    assert meter.throttled == 12


async def test_a_503_is_repeated_over_a_new_connection(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/users", Say(), Say(503, headers={"Retry-After": "0.1"}), Say())
    await client.get(client.url("/users"), Meter())
    await client.get(client.url("/users"), Meter())
    first, second, third = graph.asked
    assert first.peer == second.peer != third.peer
    assert third.at - second.at >= 0.1


@pytest.mark.parametrize(
    "trouble", [Say(500), Say(drop=True), Say(cut=True), Say(503, headers={"Retry-After": "0.01"})]
)
async def test_patience_ends(graph: GraphServer, client: GraphClient, trouble: Say) -> None:
    graph.script("/v1.0/users", trouble)
    with pytest.raises(TransientError, match=r"^/users failed \d+ times in a row") as caught:
        await client.get(client.url("/users?$select=id"), Meter())
    assert "token-1" not in str(caught.value)
    assert 4 < len(graph.asked) < 20


async def test_what_stays_unsound_is_not_believed(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/users", Say(body={"values": []}))
    with pytest.raises(UntrustworthyAnswerError, match="value"):
        await client.get_page(client.url("/users"), THINGS, Meter())
    graph.script("/v1.0/users", Say(body=b"<html>"))
    with pytest.raises(UntrustworthyAnswerError, match="no sound JSON"):
        await client.get(client.url("/users"), Meter())


FINAL = [
    (403, "Authorization_RequestDenied", PermissionMissingError),
    (403, "Authentication_RequestFromNonPremiumTenantOrB2CTenant", LicenceMissingError),
    (400, "Directory_ExpiredPageToken", ExpiredLinkError),
    (410, "SyncStateNotFound", ExpiredLinkError),
    (410, "", ExpiredLinkError),
    (400, "syncStateNotFound", ExpiredLinkError),
    (404, "resyncRequired", ExpiredLinkError),
    (404, "Request_ResourceNotFound", NotFoundError),
    (400, "Request_UnsupportedQuery", RefusedError),
    (409, "Request_Conflict", RefusedError),
    (501, "NotImplemented", RefusedError),
    (302, "", UntrustworthyAnswerError),
]


@pytest.mark.parametrize(("status", "code", "kind"), FINAL)
async def test_final_answers(
    graph: GraphServer, client: GraphClient, status: int, code: str, kind: type[Exception]
) -> None:
    graph.script("/v1.0/users", Say(status, {"error": {"code": code, "message": "Because."}} if code else b""))
    with pytest.raises(kind) as caught:
        await client.get(client.url("/users?$filter=secret"), Meter())
    assert len(graph.asked) == 1
    assert "/users" in str(caught.value)
    assert "secret" not in str(caught.value)
    if code and kind in (PermissionMissingError, NotFoundError, RefusedError):
        assert code in str(caught.value)


async def test_an_expired_token_is_renewed_once_for_all_tasks(
    graph: GraphServer, client: GraphClient, tokens: Tokens
) -> None:
    graph.script("/v1.0/users", only("token-2"))
    await asyncio.gather(*(client.get(client.url("/users"), Meter()) for _ in range(8)))
    assert tokens.claims == ["{}"]


async def test_a_token_that_stays_refused_is_a_matter_of_configuration(
    graph: GraphServer, client: GraphClient, tokens: Tokens
) -> None:
    graph.script("/v1.0/users", only("token-0"))
    with pytest.raises(ConfigurationError, match="InvalidAuthenticationToken") as caught:
        await client.get(client.url("/users"), Meter())
    assert caught.value.code == "InvalidAuthenticationToken"
    assert len(graph.asked) == 2
    assert tokens.number == 2


async def test_a_claims_challenge_is_answered(graph: GraphServer, client: GraphClient, tokens: Tokens) -> None:
    claims = '{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}'
    challenge = (
        'Bearer realm="", authorization_uri="https://login.example/authorize", error="insufficient_claims", '
        f'claims="{base64.b64encode(claims.encode()).decode()}"'
    )
    graph.script("/v1.0/users", Say(401, headers={"WWW-Authenticate": challenge}), only("token-2"))
    await client.get(client.url("/users"), Meter())
    assert tokens.claims == [claims]


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.example/v1.0/users",
        "http://localhost/v1.0/users",
        "https://localhost:1/v1.0/users",
        "https://someone@localhost/v1.0/users",
        "https:///users",
        "/v1.0/users",
        "",
        "https://localhost:99999999/",
        "https://localhost\\@graph.example/",
        "https://localhost/users\r\nX: y",
    ],
)
async def test_foreign_links_are_not_followed(graph: GraphServer, client: GraphClient, link: str) -> None:
    port = f":{graph.port}"
    with pytest.raises(UntrustworthyAnswerError):
        await client.get(link.replace("localhost/", f"localhost{port}/"), Meter())
    assert graph.asked == []


async def test_another_host_of_the_same_machine_is_another_host(graph: GraphServer, client: GraphClient) -> None:
    with pytest.raises(UntrustworthyAnswerError, match=r"127\.0\.0\.1"):
        await client.get(f"{graph.other_url}/v1.0/users", Meter())
    assert graph.asked == []


async def test_an_unknown_authority(graph: GraphServer, tokens: Tokens) -> None:
    other = trustme.CA().cert_pem.bytes().decode()
    async with GraphClient(graph.url, tokens, ca_pem=other) as client:
        with pytest.raises(ConfigurationError, match=r"certificate of localhost is not trusted") as caught:
            await client.get(client.url("/users"), Meter())
    assert "--ca-bundle" in caught.value.remedy


async def test_a_certificate_for_another_name(authority: trustme.CA, tokens: Tokens, ca_pem: str) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("graph.example").configure_cert(context)
    async with GraphServer(context) as graph, GraphClient(graph.url, tokens, ca_pem=ca_pem) as client:
        with pytest.raises(ConfigurationError, match="certificate of localhost is not trusted: Hostname mismatch"):
            await client.get(client.url("/users"), Meter())


async def test_an_unreachable_host(graph: GraphServer, client: GraphClient) -> None:
    await graph.__aexit__(None, None, None)
    with pytest.raises(ConfigurationError, match="no connection to localhost"):
        await client.get(client.url("/users"), Meter())


async def test_a_host_that_goes_away_in_the_middle_is_transient(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/users", Say())
    await client.get(client.url("/users"), Meter())
    await graph.__aexit__(None, None, None)
    with pytest.raises(TransientError, match=r"no connection to localhost|broke"):
        await client.get(client.url("/users"), Meter())
