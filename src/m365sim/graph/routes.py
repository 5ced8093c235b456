"""Microsoft Graph on an aiohttp application: /v1.0/... and the host of report downloads."""

from collections.abc import Mapping
from urllib.parse import parse_qsl, unquote
from uuid import uuid4

from aiohttp import web

from m365sim.graph import reports
from m365sim.graph.batch import answer_batch
from m365sim.graph.errors import GraphError, error_body
from m365sim.graph.packing import gzipped, plain
from m365sim.graph.request import Answer, GraphRequest
from m365sim.graph.routing import answer, segments_of
from m365sim.identity.bearer import authenticate
from m365sim.world import WORLD

_PREFIX = "/v1.0"
_DIAGNOSTIC = '{"ServerInfo":{"DataCenter":"Simulator","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"0"}}'


def add_routes(app: web.Application) -> None:
    """Graph and the download host; the application holds the world as app[WORLD]."""
    app.router.add_route("*", _PREFIX + "{path:(/.*)?}", _graph)
    app.router.add_get(reports.DOWNLOADS + "{token}", _download)


async def _graph(request: web.Request) -> web.Response:
    body = await request.read() if request.can_read_body else b""
    request_id = str(uuid4())
    client_request_id = request.headers.get("client-request-id", request_id)
    answered = _answered(request, body, request_id, client_request_id)
    answered.headers["request-id"] = request_id
    answered.headers["client-request-id"] = client_request_id
    return _response(answered, compress="gzip" in request.headers.get("Accept-Encoding", ""))


def _answered(request: web.Request, body: bytes, request_id: str, client_request_id: str) -> Answer:
    world = request.app[WORLD]
    path = unquote(request.rel_url.raw_path)
    try:
        principal = authenticate(world, request.headers.get("Authorization"))
    except GraphError as refusal:
        content = error_body(refusal, world.clock.now(), request_id, client_request_id)
        return Answer(refusal.status, content, refusal.headers, "application/json")
    graph_request = GraphRequest(
        world,
        principal,
        request.method,
        segments_of(path.removeprefix(_PREFIX)),
        tuple(parse_qsl(request.rel_url.raw_query_string, keep_blank_values=True)),
        _lower(request.headers),
        request_id,
        client_request_id,
        body,
    )
    if graph_request.segments == ("$batch",) and request.method == "POST":
        return answer_batch(graph_request)
    return answer(graph_request)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}


def _response(answered: Answer, *, compress: bool) -> web.Response:
    headers = answered.headers
    headers["x-ms-ags-diagnostic"] = _DIAGNOSTIC
    if answered.content_type is not None:
        headers["Content-Type"] = answered.content_type
    packed = gzipped(answered.body) if compress else None
    if packed is None:
        return web.Response(status=answered.status, body=plain(answered.body), headers=headers)
    headers["Content-Encoding"] = "gzip"
    headers["Vary"] = "Accept-Encoding"
    return web.Response(status=answered.status, body=packed, headers=headers)


async def _download(request: web.Request) -> web.Response:
    return reports.download(request.app[WORLD], request.match_info["token"])
