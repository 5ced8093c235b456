"""Every address in reading order, and the one dispatcher for plain requests and those inside $batch."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from m365sim.graph import delta, directory_roles, groups, licensing, members, organization, reports, users
from m365sim.graph.costs import units
from m365sim.graph.errors import GraphError, bad_request, error_body, unknown_segment
from m365sim.graph.registry import REGISTRY, REPORT_SETTINGS
from m365sim.graph.request import JSON, Answer, GraphRequest, Handler

ID = "{}"
_KEYED = re.compile(r"\b(applications|servicePrincipals)\((appId)='([^'/]*)'\)", re.IGNORECASE)


@dataclass(slots=True, frozen=True)
class Route:
    path: tuple[str, ...]  # lower case; ID stands for a parameter
    handle: Handler
    cost: int = 1  # resource units (costs.py)
    writes: Mapping[str, Handler] = field(default_factory=dict)  # by method


def _route(path: str, handle: Handler, cost: int = 1) -> Route:
    writes = {method: write for method, write in REGISTRY.get(path, {}).items() if method != "GET"}
    return Route(tuple(path.lower().split("/")), handle, cost, writes)


def _not_allowed(_request: GraphRequest) -> Answer:
    raise GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")


ROUTES: tuple[Route, ...] = (
    _route("organization", organization.organization),
    _route("domains", organization.domains),
    _route("domains/{}", organization.domain),
    _route("subscribedSkus", licensing.subscribed_skus, 3),
    _route("subscribedSkus/{}", licensing.subscribed_sku),
    _route("directory/subscriptions", licensing.subscriptions),
    _route("directory/subscriptions/{}", licensing.subscription),
    _route("directory/deletedItems/microsoft.graph.user", users.deleted),
    _route("directory/deletedItems/microsoft.graph.group", groups.deleted),
    _route("directoryRoles", directory_roles.collection),
    _route("directoryRoles/{}", directory_roles.one),
    _route("directoryRoles/{}/members", directory_roles.members),
    _route("users", users.collection, 2),
    _route("users/$count", users.count),
    _route("users/delta", delta.users),
    _route("users/{}", users.one),
    _route("users/{}/licenseDetails", users.licence_details, 2),
    _route("groups", groups.collection),
    _route("groups/$count", groups.count),
    _route("groups/delta", delta.groups),
    _route("groups/{}", groups.one),
    _route("groups/{}/members", members.members, 3),
    _route("groups/{}/members/$count", members.count_members),
    _route("groups/{}/members/{}", members.members, 3),
    _route("groups/{}/members/{}/$count", members.count_members),
    _route("groups/{}/transitiveMembers", members.transitive_members, 5),
    _route("groups/{}/transitiveMembers/$count", members.count_transitive_members),
    _route("groups/{}/transitiveMembers/{}", members.transitive_members, 5),
    _route("groups/{}/transitiveMembers/{}/$count", members.count_transitive_members),
    _route("admin/reportSettings", organization.report_settings),
    _route("reports/{}", reports.report),
    _route("copilot/reports/{}", reports.copilot),
    *(
        _route(path, handlers.get("GET", _not_allowed))
        for path, handlers in REGISTRY.items()
        if path != REPORT_SETTINGS
    ),
)


def segments_of(path: str) -> tuple[str, ...]:
    """The parts of a decoded path after the version; delta() and graph.user in their plain form."""
    return tuple(_plain(part) for part in _KEYED.sub(r"\1/\2=\3", path).split("/") if part)


def _plain(segment: str) -> str:
    lower = segment.lower()
    if lower in {"delta()", "microsoft.graph.delta", "microsoft.graph.delta()"}:
        return "delta"
    return f"microsoft.{segment}" if lower.startswith("graph.") else segment


def answer(request: GraphRequest) -> Answer:
    """What Graph answers, refusals included."""
    found: Route | None = None
    try:
        found, parameters = match(request.segments)
        handle = found.handle if request.method == "GET" else found.writes.get(request.method, _not_allowed)
        answered = handle(replace(request, parameters=parameters))
        if answered.content_type == JSON:
            answered.headers["OData-Version"] = "4.0"
    except GraphError as refusal:
        answered = refused(request, refusal)
    answered.headers["Cache-Control"] = "no-cache"
    if found is not None:
        answered.headers["x-ms-resource-unit"] = str(units(found.cost, request))
    return answered


def refused(request: GraphRequest, refusal: GraphError) -> Answer:
    body = error_body(refusal, request.now, request.request_id, request.client_request_id)
    return Answer(refusal.status, body, dict(refusal.headers), "application/json")


def match(segments: tuple[str, ...]) -> tuple[Route, tuple[str, ...]]:
    """The route and its parameters; GraphError 400 naming the first segment that leads nowhere."""
    route = _route_for(tuple(segment.lower() for segment in segments))
    if route is not None:
        return route, tuple(text for text, part in zip(segments, route.path, strict=True) if part == ID)
    if not segments:
        raise bad_request("Invalid version or missing resource.")
    known = max(_shared(route.path, segments) for route in ROUTES)
    raise unknown_segment(segments[min(known, len(segments) - 1)])


@lru_cache(maxsize=4096)
def _route_for(segments: tuple[str, ...]) -> Route | None:
    return next((route for route in ROUTES if _fits(route.path, segments)), None)


def _fits(path: tuple[str, ...], segments: tuple[str, ...]) -> bool:
    return len(path) == len(segments) and all(
        part in {segment, ID} for part, segment in zip(path, segments, strict=True)
    )


def _shared(path: tuple[str, ...], segments: Iterable[str]) -> int:
    """How many leading parts of the path the segments have."""
    count = 0
    for part, segment in zip(path, segments, strict=False):
        if part not in {segment.lower(), ID}:
            break
        count += 1
    return count
