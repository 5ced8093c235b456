"""The Graph client and identity together, against the simulator as a process of its own."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest
import trustme
from tests.simulator import Simulator
from tests.stocktake.graph.conftest import QUICK

from stocktake.errors import (
    ConfigurationError,
    ExpiredLinkError,
    PermissionMissingError,
    UntrustworthyAnswerError,
)
from stocktake.graph.batch import BatchItem
from stocktake.graph.client import GraphClient
from stocktake.graph.gate import Gates
from stocktake.graph.link import LinkTrail
from stocktake.graph.meter import Meter
from stocktake.graph.pages import decode_page, page_decoder
from stocktake.identity.clouds import Cloud
from stocktake.identity.credentials import Certificate, ClientSecret, Credential
from stocktake.identity.tokens import EntraTokens, diagnose


class User(msgspec.Struct, gc=False, rename="camel"):
    id: str
    user_principal_name: str


USERS = page_decoder(User)
LISTING = "/users?$select=id,userPrincipalName&$top=40"


@pytest.fixture(scope="module")
def running() -> Iterator[Simulator]:
    with Simulator(users=200, groups=25) as simulator:
        yield simulator


@pytest.fixture
def simulator(running: Simulator) -> Simulator:
    running.reset()
    return running


def cloud_of(simulator: Simulator) -> Cloud:
    return Cloud("m365sim", simulator.login_url, simulator.graph_url, simulator.ca_pem)


def tokens_of(
    simulator: Simulator, credential: Credential | None = None, client_id: str | None = None, tenant: str | None = None
) -> EntraTokens:
    return EntraTokens(
        cloud_of(simulator),
        tenant or simulator.tenant,
        client_id or simulator.client_id,
        credential or ClientSecret(simulator.client_secret),
    )


@pytest.fixture
async def reader(simulator: Simulator) -> AsyncIterator[GraphClient]:
    tokens = tokens_of(simulator)
    async with GraphClient(simulator.graph_url, tokens, ca_pem=simulator.ca_pem, manners=QUICK) as client:
        yield client


async def listed(client: GraphClient, meter: Meter) -> list[User]:
    users: list[User] = []
    trail = LinkTrail()
    link: str | None = client.url(LISTING)
    while link is not None:
        page = await client.get_page(trail.follow(link), USERS, meter)
        users += page.items
        link = page.next_link
    return users


def truth(simulator: Simulator) -> set[tuple[str, str]]:
    return {(row["id"], row["user_principal_name"]) for row in simulator.oracle("users")}


async def assert_whole(client: GraphClient, simulator: Simulator, meter: Meter | None = None) -> None:
    users = await listed(client, meter or Meter())
    assert len(users) == 200
    assert {(user.id, user.user_principal_name) for user in users} == truth(simulator)
    assert simulator.ledger()["complaints"] == []


async def test_by_secret_and_by_certificate(simulator: Simulator) -> None:
    by_secret = diagnose(await tokens_of(simulator).token())
    by_certificate = diagnose(await tokens_of(simulator, Certificate(simulator.certificate_pem)).token())
    for facts in (by_secret, by_certificate):
        assert facts.app_id == simulator.client_id
        assert facts.tenant_id == simulator.tenant_id
        assert {"Directory.Read.All", "Reports.Read.All"} <= facts.roles
        assert facts.expires_at is not None


async def test_without_consent_there_is_a_token_without_roles(simulator: Simulator) -> None:
    app = simulator.application("no consent")
    tokens = tokens_of(simulator, ClientSecret(app["client_secret"]), app["client_id"])
    assert diagnose(await tokens.token()).roles == frozenset()
    async with GraphClient(simulator.graph_url, tokens, ca_pem=simulator.ca_pem) as client:
        with pytest.raises(PermissionMissingError):
            await client.get(client.url("/users?$select=id"), Meter())


async def test_refusals(simulator: Simulator) -> None:
    expired = simulator.application("expired secret")
    unknown = "00000000-1111-2222-3333-444444444444"
    refused = {
        "AADSTS7000215": tokens_of(simulator, ClientSecret("wrong")),
        "AADSTS7000222": tokens_of(simulator, ClientSecret(expired["client_secret"]), expired["client_id"]),
        "AADSTS700016": tokens_of(simulator, client_id=unknown),
        "AADSTS90002": tokens_of(simulator, tenant="nobody.example"),
        "AADSTS700027": tokens_of(simulator, Certificate(simulator.certificate_pem), expired["client_id"]),
    }
    for code, tokens in refused.items():
        with pytest.raises(ConfigurationError, match=code) as caught:
            await tokens.token()
        assert caught.value.code == code
        assert caught.value.remedy


async def test_an_unknown_authority(simulator: Simulator) -> None:
    cloud = Cloud("x", simulator.login_url, simulator.graph_url, trustme.CA().cert_pem.bytes().decode())
    with pytest.raises(ConfigurationError, match="not trusted"):
        await EntraTokens(cloud, simulator.tenant, simulator.client_id, ClientSecret("x")).token()


async def test_a_whole_listing(reader: GraphClient, simulator: Simulator) -> None:
    meter = Meter()
    await assert_whole(reader, simulator, meter)
    assert (meter.requests, meter.retries) == (5, 0)
    assert meter.resource_units > 0


FAULTS: list[dict[str, Any]] = [
    {"kind": "throttle", "retry_after": "1"},
    {"kind": "throttle", "retry_after": "0.4"},
    {"kind": "throttle", "retry_after": None},
    {"kind": "status", "status": 500},
    {"kind": "status", "status": 502, "body_kind": "html"},
    {"kind": "status", "status": 503, "retry_after": "0.3"},
    {"kind": "status", "status": 504, "body_kind": "empty"},
    {"kind": "drop"},
    {"kind": "truncate"},
    {"kind": "slow", "ms": 50},
    {"kind": "empty_page"},
]


@pytest.mark.parametrize("skip", [0, 2, 4])
@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_faults_are_outlived(reader: GraphClient, simulator: Simulator, fault: dict[str, Any], skip: int) -> None:
    simulator.control("faults", [{"match": "GET /v1.0/users", "skip": skip, "times": 1, **fault}])
    await assert_whole(reader, simulator)
    assert simulator.faults()[0]["used"] == 1


@pytest.mark.parametrize("kind", ["loop_next_link", "foreign_next_link"])
async def test_links_that_lead_astray(reader: GraphClient, simulator: Simulator, kind: str) -> None:
    simulator.control("faults", [{"match": "GET /v1.0/users", "kind": kind, "skip": 1, "times": 1}])
    with pytest.raises(UntrustworthyAnswerError):
        await listed(reader, Meter())


async def test_expired_page_and_delta_tokens(reader: GraphClient, simulator: Simulator) -> None:
    for kind in ("expired_page_token", "expired_delta_token"):
        simulator.control("faults", [{"match": "GET /v1.0/users", "kind": kind, "skip": 2, "times": 1}])
        with pytest.raises(ExpiredLinkError):
            await listed(reader, Meter())
        simulator.reset()


async def test_a_429_stops_all_tasks_of_the_workload(simulator: Simulator) -> None:
    """Tasks that share a gate never ask before the time; the simulator's ledger is the judge."""
    rule = {"match": "GET /v1.0/", "kind": "throttle", "retry_after": "0.5", "skip": 3, "times": 2}
    simulator.control("faults", [rule])
    gates = Gates()
    async with GraphClient(
        simulator.graph_url, tokens_of(simulator), ca_pem=simulator.ca_pem, gates=gates, manners=QUICK
    ) as client:
        ids = [row["id"] for row in simulator.oracle("groups")]
        meter = Meter()
        for start in range(0, len(ids), 5):
            await asyncio.gather(
                *(client.get(client.url(f"/groups/{key}?$select=id"), meter) for key in ids[start : start + 5])
            )
    assert meter.throttled == 2


async def test_a_batch_with_troubled_items(reader: GraphClient, simulator: Simulator) -> None:
    ids = [row["id"] for row in simulator.oracle("groups")]
    simulator.control(
        "faults",
        [
            {"match": f"GET /v1.0/groups/{ids[1]}/", "kind": "throttle", "retry_after": "0.6", "times": 2},
            {"match": f"GET /v1.0/groups/{ids[2]}/", "kind": "status", "status": 503, "times": 1},
            {"match": f"GET /v1.0/groups/{ids[3]}/", "kind": "not_found", "times": None},
            {"match": r"POST /v1.0/\$batch", "kind": "drop", "skip": 1, "times": 1},
        ],
    )
    meter = Meter()
    answers = await reader.batch([BatchItem(key, f"/groups/{key}/members?$select=id&$top=999") for key in ids], meter)
    assert [key for key, answer in answers.items() if answer.status != 200] == [ids[3]]
    decoder = page_decoder(msgspec.defstruct("Member", [("id", str)]))
    found = {
        (key, member.id)  # type: ignore[attr-defined]
        for key, answer in answers.items()
        if answer.status == 200
        for member in decode_page(answer.body, decoder).items
    }
    wanted = {
        (row["group_id"], row["member_id"]) for row in simulator.oracle("memberships") if row["group_id"] != ids[3]
    }
    assert found == wanted
    assert meter.throttled == 2
    assert simulator.ledger()["complaints"] == []


async def test_a_report(reader: GraphClient, simulator: Simulator) -> None:
    meter = Meter()
    report = reader.url("/reports/getOffice365ActiveUserDetail(period='D180')")
    body = await reader.download(report, meter)
    assert body.decode("utf-8-sig").startswith("Report Refresh Date,")
    assert meter.requests == 2
    assert simulator.ledger()["complaints"] == []


async def test_a_report_that_is_cut(reader: GraphClient, simulator: Simulator) -> None:
    report = reader.url("/reports/getOffice365ActiveUserDetail(period='D180')")
    whole = await reader.download(report, Meter())
    simulator.control("faults", [{"match": "/download/", "kind": "truncate", "times": 1}])
    assert await reader.download(report, Meter()) == whole
    assert simulator.faults()[0]["used"] == 1


async def test_a_token_that_expires_under_way(reader: GraphClient, simulator: Simulator) -> None:
    """The clock of the tenant moves; the client notices at the 401 and goes on with a new token."""
    await listed(reader, Meter())
    simulator.control("clock", {"advance": 7200})
    meter = Meter()
    assert len(await listed(reader, meter)) == 200
    assert meter.retries == 1


async def test_a_count(reader: GraphClient, simulator: Simulator) -> None:
    body = await reader.get(reader.url("/users/$count"), Meter(), headers={"ConsistencyLevel": "eventual"})
    assert int(body.decode("utf-8-sig")) == 200


async def test_one_object(reader: GraphClient, simulator: Simulator) -> None:
    body = json.loads(await reader.get(reader.url("/organization?$select=id"), Meter()))
    assert body["value"][0]["id"] == simulator.tenant_id
