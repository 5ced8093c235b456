"""What happens around every answer of Graph, the download host and the token endpoint: judged, delayed, spoilt."""

import asyncio
import hashlib
from urllib.parse import unquote, urlsplit

from aiohttp import web

from m365sim.faults import wait_of
from m365sim.identity.bearer import authenticate
from m365sim.injection import Handler, carry_out, without_mark
from m365sim.ledger import Asked
from m365sim.refusal import GraphError
from m365sim.world import WORLD, World

_DOWNLOADS = "/data/download/"
_TOKEN = "/oauth2/v2.0/token"  # noqa: S105  # an address


@web.middleware
async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Graph, downloads and tokens pass through the ledger and the faults; everything else goes straight on."""
    path = request.path
    if not path.startswith(("/v1.0", "/beta", _DOWNLOADS)) and not path.endswith(_TOKEN):
        return await handler(request)
    world = request.app[WORLD]
    asked = await _asked(world, request)
    world.ledger.asked(asked)
    if world.pace.latency_ms:
        await asyncio.sleep(world.pace.latency_ms / 1000)
    fault = world.faults.take(request.method, request.path_qs)
    meant = without_mark(request)
    if fault is None:
        answer = await handler(meant)
    else:
        # A rewritten page is made from what was asked, mark included, so that its link differs from the last.
        answer = await carry_out(request, fault, lambda _: handler(meant))
    world.ledger.answered(
        asked,
        answer.status,
        units=int(answer.headers.get("x-ms-resource-unit", "0")),
        wait_s=wait_of(answer.headers.get("Retry-After")),
        whole=fault is None,
    )
    return answer


async def _asked(world: World, request: web.Request) -> Asked:
    authorization = request.headers.get("Authorization")
    to_token_endpoint = request.path.endswith(_TOKEN)
    at_report_host = request.host == urlsplit(world.reports_url).netloc
    return Asked(
        request.method,
        request.path,
        unquote(request.rel_url.raw_query_string),
        await _client(request) if to_token_endpoint else _holder(world, authorization),
        authorized=authorization is not None,
        to_report_host=not to_token_endpoint and (at_report_host or request.path.startswith(_DOWNLOADS)),
        to_token_endpoint=to_token_endpoint,
    )


def _holder(world: World, authorization: str | None) -> str:
    """The client that a token was issued to, so that a renewed token is no stranger."""
    try:
        return authenticate(world, authorization).client_id
    except GraphError:
        return "" if authorization is None else hashlib.sha256(authorization.encode()).hexdigest()


async def _client(request: web.Request) -> str:
    if request.method != "POST":
        return ""
    client_id = (await request.post()).get("client_id")
    return client_id if isinstance(client_id, str) else ""
