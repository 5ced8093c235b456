"""Reports: from a redirect to another host, which never sees the token."""

import gzip

import pytest
from tests.stocktake.graph.graph_server import GraphServer, Say, Tokens, only

from stocktake.errors import PermissionMissingError, TransientError, UntrustworthyAnswerError
from stocktake.graph.client import GraphClient
from stocktake.graph.meter import Meter

CSV = "\ufeffReport Refresh Date,User Principal Name\n2026-11-22,zoë@example.org\n".encode()
REPORT = "/v1.0/reports/getOffice365ActiveUserDetail(period='D7')"
PARCEL = "/data/download/abc"
GOOD = Say(body=CSV, headers={"Content-Type": "application/octet-stream"})


def towards(graph: GraphServer, query: str = "token=s3cret%2Fx") -> Say:
    return Say(302, b"", {"Location": f"{graph.other_url}{PARCEL}?{query}", "Content-Type": "text/plain"})


def report(client: GraphClient) -> str:
    return client.url(REPORT.removeprefix("/v1.0"))


async def test_the_redirect_is_followed_without_the_token(graph: GraphServer, client: GraphClient) -> None:
    graph.script(REPORT, towards(graph))
    graph.script(PARCEL, GOOD)
    meter = Meter()
    assert await client.download(report(client), meter) == CSV
    first, second = graph.asked
    assert (first.target, first.headers["Authorization"]) == (REPORT, "Bearer token-1")
    assert second.host == f"127.0.0.1:{graph.port}"
    assert second.target == f"{PARCEL}?token=s3cret%2Fx"
    assert "Authorization" not in second.headers
    assert "token-1" not in str(second.headers)
    assert (meter.requests, meter.retries) == (2, 0)


async def test_a_report_without_a_redirect(graph: GraphServer, client: GraphClient) -> None:
    graph.script(REPORT, GOOD)
    assert await client.download(report(client), Meter()) == CSV


@pytest.mark.parametrize("status", [401, 403, 404, 410])
async def test_an_expired_address_is_asked_for_again(graph: GraphServer, client: GraphClient, status: int) -> None:
    graph.script(REPORT, towards(graph, "one"), towards(graph, "two"))
    graph.script(PARCEL, Say(status, b"expired"), GOOD)
    assert await client.download(report(client), Meter()) == CSV
    assert [asked.target.partition("?")[2] for asked in graph.asked] == ["", "one", "", "two"]


async def test_addresses_that_are_always_expired(graph: GraphServer, client: GraphClient) -> None:
    graph.script(REPORT, towards(graph))
    graph.script(PARCEL, Say(403, b""))
    with pytest.raises(TransientError, match="expired") as caught:
        await client.download(report(client), Meter())
    assert "s3cret" not in str(caught.value)
    assert len(graph.asked) == 6


@pytest.mark.parametrize(
    "trouble",
    [
        Say(500),
        Say(503, headers={"Retry-After": "0.05"}),
        Say(429),
        Say(429, headers={"Retry-After": "0.05"}),
        Say(body=CSV, cut=True),
        Say(drop=True),
        Say(body=b"<html>", headers={"Content-Type": "text/html; charset=utf-8"}),
    ],
)
async def test_trouble_at_the_other_host(graph: GraphServer, client: GraphClient, trouble: Say) -> None:
    graph.script(REPORT, towards(graph))
    graph.script(PARCEL, trouble, trouble, GOOD)
    assert await client.download(report(client), Meter()) == CSV
    assert [asked.target for asked in graph.asked].count(REPORT) == 1


async def test_trouble_that_does_not_end(graph: GraphServer, client: GraphClient) -> None:
    graph.script(REPORT, towards(graph))
    graph.script(PARCEL, Say(body=CSV, cut=True))
    with pytest.raises(TransientError, match="cut short") as caught:
        await client.download(report(client), Meter())
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "location", ["http://127.0.0.1/data", "", "/data/download", "ftp://127.0.0.1/x", "https://user:pw@127.0.0.1/x"]
)
async def test_a_location_that_is_no_https_address(graph: GraphServer, client: GraphClient, location: str) -> None:
    graph.script(REPORT, Say(302, b"", {"Location": location}))
    with pytest.raises(UntrustworthyAnswerError):
        await client.download(report(client), Meter())
    assert len(graph.asked) == 1


async def test_a_second_redirect_is_not_followed(graph: GraphServer, client: GraphClient) -> None:
    graph.script(REPORT, towards(graph))
    graph.script(PARCEL, towards(graph))
    with pytest.raises(UntrustworthyAnswerError, match="302"):
        await client.download(report(client), Meter())
    assert len(graph.asked) == 2


async def test_graph_itself_can_refuse(graph: GraphServer, client: GraphClient) -> None:
    graph.script(REPORT, Say(403, {"error": {"code": "S2SUnauthorized", "message": "Invalid permission."}}))
    with pytest.raises(PermissionMissingError):
        await client.download(report(client), Meter())


async def test_the_token_is_renewed_here_too(graph: GraphServer, client: GraphClient, tokens: Tokens) -> None:
    graph.script(REPORT, only("token-2"))
    await client.download(report(client), Meter())
    assert tokens.number == 2


async def test_a_packed_report_that_was_cut_before_it_was_sent(graph: GraphServer, client: GraphClient) -> None:
    """The length is right, the content is not: half a gzip stream has to be noticed as well."""
    packed = gzip.compress(CSV * 1000)
    headers = {"Content-Type": "application/octet-stream", "Content-Encoding": "gzip"}
    graph.script(REPORT, towards(graph))
    graph.script(PARCEL, Say(body=packed[:-40], headers=headers), Say(body=packed, headers=headers))
    assert await client.download(report(client), Meter()) == CSV * 1000
