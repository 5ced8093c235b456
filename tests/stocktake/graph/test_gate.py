"""The gate: one for all tasks of a workload."""

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from tests.stocktake.graph.conftest import QUICK
from tests.stocktake.graph.graph_server import GraphServer, Say, Tokens

from stocktake.graph.client import GraphClient
from stocktake.graph.gate import Gate, Gates, Rate, retry_after_s
from stocktake.graph.meter import Meter


async def test_a_429_stops_every_task_and_every_client(graph: GraphServer, tokens: Tokens, ca_pem: str) -> None:
    """One task is throttled; the others of the workload, of another client too, wait with it."""
    gates = Gates(identity=Gate("identity", concurrency=1))
    graph.script("/v1.0/users", Say(429, headers={"Retry-After": "0.4"}), Say())
    graph.script("/v1.0/groups", Say())
    graph.script("/v1.0/reports", Say())
    meter = Meter()
    async with (
        GraphClient(graph.url, tokens, ca_pem=ca_pem, gates=gates, manners=QUICK) as one,
        GraphClient(graph.url, tokens, ca_pem=ca_pem, gates=gates, manners=QUICK) as other,
    ):
        others = [client.get(client.url("/groups"), meter) for client in (one, other) * 3]
        free = other.get(other.url("/reports"), Meter(), workload="reports")
        await asyncio.gather(one.get(one.url("/users"), meter), *others, free)
    refused_at = next(asked.at for asked in graph.asked if asked.target == "/v1.0/users")
    later = [asked for asked in graph.asked if asked.at - refused_at >= 0.4]
    assert len(later) == 7
    assert {asked.target for asked in graph.asked if asked not in later} == {"/v1.0/users", "/v1.0/reports"}
    assert meter.throttled == 1


async def test_concurrency_is_limited(graph: GraphServer, tokens: Tokens, ca_pem: str) -> None:
    gate = Gate("identity", concurrency=3)
    inside = 0
    most = 0

    async def visit() -> None:
        nonlocal inside, most
        async with gate.admitted(Meter()):
            inside += 1
            most = max(most, inside)
            for _ in range(3):
                await asyncio.sleep(0)
            inside -= 1

    await asyncio.gather(*(visit() for _ in range(20)))
    assert most == 3


async def test_a_budget_lets_a_burst_go_and_then_keeps_its_window() -> None:
    gate = Gate("sign_ins", rate=Rate(5, 0.3))
    meter = Meter()
    entered: list[float] = []
    for _ in range(11):
        async with gate.admitted(meter):
            entered.append(asyncio.get_running_loop().time())
    assert all(later - sooner >= 0.3 for sooner, later in zip(entered, entered[5:], strict=False))
    assert meter.waited_s >= 0.5


async def test_each_report_has_a_budget_of_its_own() -> None:
    gate = Gate("reports", rate=Rate(1, 3600.0))
    for key in ("getOffice365ActiveUserDetail", "getMailboxUsageDetail"):
        async with asyncio.timeout(60), gate.admitted(Meter(), key):
            pass


async def test_slowing_down_before_the_limit() -> None:
    gate = Gate("identity")
    meter = Meter()
    gate.observe({"x-ms-throttle-limit-percentage": "0.9"})
    for _ in range(2):
        async with gate.admitted(meter):
            pass
    assert meter.waited_s >= 0.1
    gate.observe({})
    waited = meter.waited_s
    async with gate.admitted(meter):
        pass
    assert meter.waited_s == waited
    gate.observe({"x-ms-throttle-limit-percentage": "much"})
    async with gate.admitted(meter):
        pass
    assert meter.waited_s == waited


async def test_a_gate_never_opens_earlier_than_it_promised() -> None:
    gate = Gate("identity")
    gate.close_for(0.3)
    gate.close_for(0.0)
    meter = Meter()
    async with gate.admitted(meter):
        assert meter.waited_s >= 0.29


NOW = datetime(2026, 11, 24, 10, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "10"}, 10.0),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after": "-3"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        (
            {"retry-after": format_datetime(NOW + timedelta(seconds=90), usegmt=True), "date": format_datetime(NOW)},
            90.0,
        ),
        ({"retry-after": format_datetime(NOW, usegmt=True), "date": format_datetime(NOW + timedelta(days=1))}, 0.0),
        ({"retry-after": "Tue, 99 Nov 2026 10:00:00 GMT"}, None),
    ],
)
def test_retry_after(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after_s(headers) == seconds
