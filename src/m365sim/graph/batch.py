"""POST /$batch (batching.md, graph-facts 1.8): up to 20 requests, judged and answered one by one, in any order."""

import zlib
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, unquote

import msgspec

from m365sim.faults import Fault
from m365sim.graph.errors import GraphError, malformed
from m365sim.graph.packing import plain
from m365sim.graph.request import Answer, GraphRequest
from m365sim.graph.routing import answer, refused, segments_of

MOST_REQUESTS = 20
_encode = msgspec.json.Encoder().encode


class Item(msgspec.Struct):
    id: str
    method: str
    url: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    body: msgspec.Raw = msgspec.Raw()
    dependsOn: list[str] = msgspec.field(default_factory=list)  # noqa: N815


class Batch(msgspec.Struct):
    requests: list[Item]


class Reply(msgspec.Struct, omit_defaults=True):
    id: str
    status: int
    headers: dict[str, str]
    body: msgspec.Raw | None = None


def answer_batch(request: GraphRequest) -> Answer:
    """The outer answer: 200 whatever came of the inner requests, 400 for a batch that is none."""
    try:
        items = _read(request.body)
    except GraphError as refusal:
        return refused(request, refusal)
    replies: dict[str, Reply] = {}
    spent = 0
    for item in _in_order(items):
        inner = _answer_one(request, item, replies)
        spent += int(inner.headers.get("x-ms-resource-unit", "0"))
        replies[item.id.lower()] = _reply(item, inner)
    # Answers come in any order: here in a fixed one that is seldom that of the requests.
    shuffled = sorted(replies.values(), key=lambda reply: zlib.crc32(reply.id.encode()))
    # Outer batches of Graph carry no units; the sum is here so that the ledger counts what a batch spends.
    return Answer(
        body=_encode({"responses": shuffled}),
        headers={"Cache-Control": "no-cache", "x-ms-resource-unit": str(spent)},
        content_type="application/json",
    )


def _read(body: bytes) -> list[Item]:
    try:
        items = msgspec.json.decode(body, type=Batch).requests
    except msgspec.DecodeError as error:
        raise malformed("Invalid batch payload format.") from error
    if not items:
        raise malformed("Invalid batch payload format.")
    if len(items) > MOST_REQUESTS:
        raise malformed(f"Number of batch request steps exceeds maximum value of {MOST_REQUESTS}.")
    seen: set[str] = set()
    for item in items:
        if item.id.lower() in seen:
            raise malformed(f"Request Id should be unique in the batch: {item.id}.")
        seen.add(item.id.lower())
    for item in items:
        if any(other.lower() not in seen or other.lower() == item.id.lower() for other in item.dependsOn):
            raise malformed(f"Request {item.id} depends on a request that is not in the batch.")
    return items


def _in_order(items: list[Item]) -> list[Item]:
    """Each after those that it depends on; GraphError does not happen: a circle is answered in the order given."""
    done: set[str] = set()
    ordered: list[Item] = []
    waiting = list(items)
    while waiting:
        ready = [item for item in waiting if {other.lower() for other in item.dependsOn} <= done]
        ready = ready or waiting
        ordered.extend(ready)
        done.update(item.id.lower() for item in ready)
        waiting = [item for item in waiting if item not in ready]
    return ordered


def _answer_one(outer: GraphRequest, item: Item, replies: Mapping[str, Reply]) -> Answer:
    path, _, query = item.url.partition("?")
    inner = replace(
        outer,
        method=item.method.upper(),
        segments=segments_of(unquote(path)),
        query=tuple(parse_qsl(query, keep_blank_values=True)),
        headers={name.lower(): value for name, value in item.headers.items()},
        body=bytes(item.body),
    )
    outer.world.ledger.batch_item(inner.method, item.url)
    if any(_failed(replies.get(other.lower())) for other in item.dependsOn):
        return refused(
            inner, GraphError(424, "FailedDependency", "One or more requests this request depends on failed.")
        )
    fault = outer.world.faults.for_inner(inner.method, item.url)
    return answer(inner) if fault is None else _broken(inner, fault)


def _broken(request: GraphRequest, fault: Fault) -> Answer:
    """The answer that a rule of the control plane gives in place of ours."""
    broken = refused(request, GraphError(fault.status, fault.code, fault.message, fault.headers))
    if fault.body_kind == "html":
        broken.body, broken.content_type = msgspec.json.encode(f"<html>{fault.message}</html>"), "text/html"
    elif fault.body_kind == "empty":
        broken.body = b""
    return broken


def _failed(reply: Reply | None) -> bool:
    return reply is None or reply.status >= 400


def _reply(item: Item, inner: Answer) -> Reply:
    headers = dict(inner.headers)
    body = plain(inner.body)
    if not body:
        return Reply(item.id, inner.status, headers)
    if inner.content_type is not None:
        headers["Content-Type"] = inner.content_type
    return Reply(item.id, inner.status, headers, msgspec.Raw(body))
