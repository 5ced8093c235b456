"""Batches: every item gets its own final answer, and none is asked for again without need."""

import json
from collections import Counter
from typing import Any

import pytest
from tests.stocktake.graph.graph_server import Asked, GraphServer, Say, Tokens

from stocktake.errors import ConfigurationError, TransientError, UntrustworthyAnswerError
from stocktake.graph.batch import BatchItem
from stocktake.graph.client import GraphClient
from stocktake.graph.meter import Meter

Inner = dict[str, Any]


class Batches:
    """Answers batches item by item; `troubles` holds, by path, what is answered before the good answer."""

    def __init__(self, troubles: dict[str, list[Inner | None]] | None = None) -> None:
        self.troubles = troubles or {}
        self.asked: Counter[str] = Counter()
        self.sizes: list[int] = []

    def __call__(self, asked: Asked) -> Say:
        assert asked.method == "POST"
        requests = json.loads(asked.body)["requests"]
        self.sizes.append(len(requests))
        answers = []
        for request in reversed(requests):
            assert request["method"] == "GET"
            self.asked[request["url"]] += 1
            waiting = self.troubles.get(request["url"])
            echo = {"status": 200, "body": {"value": [request["url"], request.get("headers")]}}
            answer = waiting.pop(0) if waiting else echo
            if answer is not None:
                answers.append({"id": request["id"], **answer})
        return Say(body={"responses": answers})


def items(count: int) -> list[BatchItem]:
    return [BatchItem(f"Group-{number}", f"/groups/{number}/members?$select=id") for number in range(count)]


async def test_forty_five_items_take_three_batches(graph: GraphServer, client: GraphClient) -> None:
    batches = Batches()
    graph.script("/v1.0/$batch", batches)
    meter = Meter()
    asked = [*items(45), BatchItem("GROUP-1", "/groups/1/owners", {"ConsistencyLevel": "eventual"})]
    answers = await client.batch(asked, meter)
    assert batches.sizes == [20, 20, 6]
    assert list(answers) == [item.id for item in asked]
    assert json.loads(answers["Group-1"].body) == {"value": ["/groups/1/members?$select=id", None]}
    assert json.loads(answers["GROUP-1"].body)["value"][1] == {"ConsistencyLevel": "eventual"}
    assert (meter.requests, meter.retries) == (3, 0)


async def test_nothing_asks_nothing(graph: GraphServer, client: GraphClient) -> None:
    assert await client.batch([], Meter()) == {}
    assert graph.asked == []


async def test_only_what_failed_is_asked_again(graph: GraphServer, client: GraphClient) -> None:
    path = "/groups/{}/members?$select=id".format
    batches = Batches(
        {
            path(0): [
                {"status": 429, "headers": {"Retry-After": "0.2"}},
                {"status": 429, "headers": {"retry-after": "0.1"}},
            ],
            path(1): [{"status": 503, "headers": {"Retry-After": "0.3"}, "body": {"error": {"code": "x"}}}],
            path(2): [{"status": 504}, {"status": 500}],
            path(3): [None, None],
            path(4): [{"status": 403, "body": {"error": {"code": "Authorization_RequestDenied"}}}],
            path(5): [{"status": 404, "body": {"error": {"code": "Request_ResourceNotFound"}}}],
            path(6): [{"status": 429, "headers": None}],
        }
    )
    graph.script("/v1.0/$batch", batches)
    meter = Meter()
    answers = await client.batch(items(12), meter)
    statuses = {answer_id: answer.status for answer_id, answer in answers.items() if answer.status != 200}
    assert statuses == {"Group-4": 403, "Group-5": 404}
    assert b"Authorization_RequestDenied" in answers["Group-4"].body
    expected = {0: 3, 1: 2, 2: 3, 3: 3, 6: 2}
    assert batches.asked == {path(number): expected.get(number, 1) for number in range(12)}
    assert meter.throttled == 3
    assert meter.retries == 8
    assert graph.asked[1].at - graph.asked[0].at >= 0.2


async def test_an_item_waits_for_its_own_retry_after(graph: GraphServer, client: GraphClient) -> None:
    slow = "/groups/0/members?$select=id"
    batches = Batches({slow: [{"status": 503, "headers": {"Retry-After": "0.4"}}]})
    graph.script("/v1.0/$batch", batches)
    await client.batch(items(2), Meter())
    assert batches.sizes == [2, 1]
    assert graph.asked[1].at - graph.asked[0].at >= 0.4


async def test_an_item_can_ask_to_slow_down(graph: GraphServer, client: GraphClient) -> None:
    near = {"status": 200, "headers": {"x-ms-throttle-limit-percentage": "0.9", "x-ms-resource-unit": "3"}, "body": {}}
    graph.script("/v1.0/$batch", Batches({"/groups/0/members?$select=id": [near]}))
    meter = Meter()
    await client.batch(items(21), meter)
    assert graph.asked[1].at - graph.asked[0].at >= 0.2
    assert meter.resource_units == 3


async def test_an_item_that_keeps_failing(graph: GraphServer, client: GraphClient) -> None:
    path = "/groups/1/members?$select=id"
    graph.script("/v1.0/$batch", Batches({path: [{"status": 500}] * 100}))
    with pytest.raises(TransientError, match=r"^/groups/1/members failed .*HTTP 500 in a batch"):
        await client.batch(items(3), Meter())


async def test_an_item_that_is_always_left_out(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/$batch", Batches({"/groups/1/members?$select=id": [None] * 100}))
    with pytest.raises(TransientError, match="left out"):
        await client.batch(items(3), Meter())


@pytest.mark.parametrize("trouble", [Say(429, headers={"Retry-After": "0.1"}), Say(503), Say(drop=True), Say(cut=True)])
async def test_the_batch_itself_can_fail(graph: GraphServer, client: GraphClient, trouble: Say) -> None:
    batches = Batches()
    graph.script("/v1.0/$batch", trouble, batches)
    answers = await client.batch(items(3), Meter())
    assert [answer.status for answer in answers.values()] == [200, 200, 200]
    assert batches.sizes == [3]


async def test_a_token_that_expires_inside(graph: GraphServer, client: GraphClient, tokens: Tokens) -> None:
    path = "/groups/{}/members?$select=id".format
    graph.script("/v1.0/$batch", Batches({path(number): [{"status": 401}] for number in range(3)}))
    answers = await client.batch(items(3), Meter())
    assert {answer.status for answer in answers.values()} == {200}
    assert tokens.claims == ["{}"]


async def test_a_batch_without_a_right_to_ask(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/$batch", Say(401, {"error": {"code": "InvalidAuthenticationToken", "message": "x"}}))
    with pytest.raises(ConfigurationError):
        await client.batch(items(1), Meter())


async def test_an_answer_that_is_no_batch(graph: GraphServer, client: GraphClient) -> None:
    graph.script("/v1.0/$batch", Say(body={"value": []}))
    with pytest.raises(UntrustworthyAnswerError, match="responses"):
        await client.batch(items(1), Meter())


async def test_links_go_into_a_batch_to_the_letter(graph: GraphServer, client: GraphClient) -> None:
    batches = Batches()
    graph.script("/v1.0/$batch", batches)
    link = f"{graph.url}/v1.0/groups/1/members?$skiptoken=a%2Fb%20c+d&$filter=x%20eq%20'y'"
    await client.batch([BatchItem("1", link)], Meter())
    assert list(batches.asked) == ["/groups/1/members?$skiptoken=a%2Fb%20c+d&$filter=x%20eq%20'y'"]
    with pytest.raises(UntrustworthyAnswerError):
        await client.batch([BatchItem("1", "https://graph.example/v1.0/groups/1/members")], Meter())


async def test_ids_are_unique(client: GraphClient) -> None:
    with pytest.raises(ValueError, match="unique"):
        await client.batch([BatchItem("1", "/a"), BatchItem("1", "/b")], Meter())
