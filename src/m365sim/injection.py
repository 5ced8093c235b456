"""Carrying out a fault: a refusal of its own, a broken connection, or a page that is not what it was."""

import asyncio
import gzip
import re
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeAlias
from uuid import uuid4

import msgspec
from aiohttp import web
from yarl import URL

from m365sim.faults import Fault
from m365sim.identity.errors import refused
from m365sim.identity.sign_in_refusals import SignInError
from m365sim.world import WORLD, World

Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]

_TOKEN = re.compile(r"((?:^|&)(?:\$|%24)skiptoken=)([^&]*)", re.IGNORECASE)
_MARK = re.compile(r"^sim-empty-(\d+)\.")
_HTML = "<!DOCTYPE html><html><head><title>{0} {1}</title></head><body><h1>{0} {1}</h1></body></html>"
# What the token endpoint says where Graph would say something of its own (reference-error-codes.md).
_TOKEN_THROTTLED = (90055, "temporarily_unavailable", "Tenant throttled: too many incoming requests for the tenant.")
_TOKEN_FAILED = (90033, "temporarily_unavailable", "A transient error has occurred. Please try again.")


async def carry_out(request: web.Request, fault: Fault, handler: Handler) -> web.StreamResponse:
    """The answer that the client gets, if it gets one."""
    if fault.is_answer:
        return _refusal(request, fault)
    if fault.kind == "drop":
        return _dropped(request)
    if fault.kind == "slow":
        await asyncio.sleep(fault.delay_ms / 1000)
        return await handler(request)
    if fault.kind in {"truncate", "stall"}:
        return await _half(request, await handler(request), stall=fault.kind == "stall")
    return _rewritten(request, fault.kind, await handler(request))


def without_mark(request: web.Request) -> web.Request:
    """The request that a link of an empty page stands for; any other as it is."""
    query = request.rel_url.raw_query_string
    found = _TOKEN.search(query)
    if found is None or not _MARK.match(found[2]):
        return request
    token = _MARK.sub("", found[2])
    rest = query[: found.start()] + (f"{found[1]}{token}" if token else "") + query[found.end() :]
    return request.clone(rel_url=URL(f"{request.rel_url.raw_path}?{rest.lstrip('&')}", encoded=True))


def _refusal(request: web.Request, fault: Fault) -> web.Response:
    world = request.app[WORLD]
    reason = fault.message.rstrip(".")
    if fault.body_kind == "empty":
        return web.Response(status=fault.status, headers=fault.headers)
    if fault.body_kind == "html":
        text = _HTML.format(fault.status, reason)
        return web.Response(status=fault.status, text=text, content_type="text/html", headers=fault.headers)
    if "/oauth2/" in request.path:
        published = _TOKEN_THROTTLED if fault.kind == "throttle" else _TOKEN_FAILED
        answer = refused(world, request, SignInError(*published), fault.status)
        answer.headers.update(fault.headers)
        return answer
    headers = dict(fault.headers)
    if fault.kind == "expired_delta_token":
        headers["Location"] = f"{world.graph_url}{request.rel_url.raw_path}?$deltatoken="
    if fault.kind == "throttle":
        headers["x-ms-throttle-scope"] = "Tenant_Application/ReadWrite/Simulated/Simulated"
        headers["x-ms-throttle-information"] = "ResourceUnitLimitExceeded"
    body = {"error": {"code": fault.code, "message": fault.message, "innerError": _inner(world, request, fault)}}
    return web.Response(
        status=fault.status, body=msgspec.json.encode(body), content_type="application/json", headers=headers
    )


def _inner(world: World, request: web.Request, fault: Fault) -> dict[str, str]:
    """innerError; with code, message and status where it is a 429 (examples graph-throttled-429)."""
    request_id = str(uuid4())
    inner = {
        "date": datetime.fromtimestamp(int(world.clock.now()), UTC).strftime("%Y-%m-%dT%H:%M:%S"),
        "request-id": request_id,
        "client-request-id": request.headers.get("client-request-id", request_id),
    }
    if fault.kind == "throttle":
        inner |= {"code": "429", "message": "Please retry after", "status": "429"}
    return inner


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


async def _half(request: web.Request, whole: web.StreamResponse, *, stall: bool) -> web.StreamResponse:
    """Announce the whole body, send half of it, then fall silent or hang up.

    Hanging up is a close and not an abort: what was written has to reach the client first.
    """
    body = whole.body if isinstance(whole, web.Response) else None
    if not isinstance(body, bytes) or len(body) < 2:
        return _dropped(request)
    answer = web.StreamResponse(status=whole.status, headers=whole.headers)
    answer.content_length = len(body)
    await answer.prepare(request)
    await answer.write(body[: len(body) // 2])
    transport = request.transport
    if stall:
        # Ends when the client hangs up: the server cancels handlers whose client is gone.
        await asyncio.Event().wait()
    if transport is not None:
        transport.close()
    return answer


def _rewritten(request: web.Request, kind: str, answer: web.StreamResponse) -> web.StreamResponse:
    """Another page than Graph gave; what is no page stays as it is."""
    if answer.status != 200 or not isinstance(answer, web.Response) or not isinstance(answer.body, bytes):
        return answer
    body = gzip.decompress(answer.body) if answer.headers.get("Content-Encoding") == "gzip" else answer.body
    page: dict[str, Any] = msgspec.json.decode(body)
    if not isinstance(page.get("value"), list):
        return answer
    world = request.app[WORLD]
    page.pop("@odata.deltaLink", None)
    if kind == "empty_page":
        page["value"] = []
        page["@odata.nextLink"] = world.graph_url + _marked(request)
    elif kind == "foreign_next_link":
        page["@odata.nextLink"] = world.reports_url + request.path_qs
    else:
        page["@odata.nextLink"] = world.graph_url + request.path_qs
    kept = {
        name: value
        for name, value in answer.headers.items()
        if name.lower() not in {"content-encoding", "content-length"}
    }
    return web.Response(status=200, body=msgspec.json.encode(page), headers=kept)


def _marked(request: web.Request) -> str:
    """Path and query of this request again, with a page token that says so: no link comes twice."""
    path, query = request.rel_url.raw_path, request.rel_url.raw_query_string
    found = _TOKEN.search(query)
    if found is None:
        return f"{path}?{query}{'&' if query else ''}$skiptoken=sim-empty-1."
    mark = _MARK.match(found[2])
    token = f"sim-empty-{1 if mark is None else int(mark[1]) + 1}.{_MARK.sub('', found[2])}"
    return f"{path}?{query[: found.start()]}{found[1]}{token}{query[found.end() :]}"
