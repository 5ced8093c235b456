"""Where a delta round stands, and the tokens that carry it (delta-query-overview.md, graph-facts 8).

A round that began when the journal stood at `upto` ends with a deltaLink for `upto`: what changes meanwhile shows in
the next round at the latest, and may show in both.
"""

from dataclasses import dataclass

import msgspec

from m365sim.graph.errors import GraphError
from m365sim.graph.filters import ids_of
from m365sim.graph.odata import Options, names_in, options_of
from m365sim.graph.page_tokens import LIFETIME_S, expired
from m365sim.graph.request import GraphRequest
from m365sim.graph.seals import seal, unseal

LINK_LIFETIME_S = 7 * 86_400
_OPTIONS = frozenset({"$select", "$filter", "$expand", "$top", "$skiptoken", "$deltatoken"})


class Place(msgspec.Struct, array_like=True, frozen=True):
    """One page of a round. `since` 0: the first round, which shows everything."""

    issued: int
    since: int
    upto: int
    select: str | None
    ids: list[str]  # of the filter; empty: all
    after: tuple[int, str] | None = None  # the last object shown
    member: str | None = None  # the last member shown of that object, which is not finished
    removals: bool = False  # objects are done, removals are left
    removed_after: int = 0  # sequence of the last removal shown


@dataclass(slots=True, frozen=True)
class Round:
    """What the request wants: a page of a round, or only a link to start from."""

    place: Place
    latest: bool


def round_of(request: GraphRequest) -> Round:
    """GraphError 400 or 410 for a token that can't be used."""
    options = options_of(request, _OPTIONS)
    if token := options.get("$skiptoken"):
        place = unseal("delta page", request.tenant.id, token, Place)
        if not isinstance(place, Place) or place.upto > request.tenant.sequence:
            raise _gone(request, "syncStateNotFound", "The sync state generation is not found.", None)
        if request.now - place.issued > LIFETIME_S:
            raise expired()
        return Round(place, latest=False)
    token = options.get("$deltatoken")
    if not token or token == "latest":  # noqa: S105
        return Round(_first(request, options), latest=bool(token))
    place = unseal("delta link", request.tenant.id, token, Place)
    if not isinstance(place, Place) or place.since > request.tenant.sequence:
        raise _gone(request, "syncStateNotFound", "The sync state generation is not found.", options.get("$select"))
    if request.now - place.issued > LINK_LIFETIME_S:
        message = "Resync required. The delta token has expired; start again without it."
        raise _gone(request, "resyncRequired", message, place.select)
    return Round(msgspec.structs.replace(place, upto=request.tenant.sequence), latest=False)


def _first(request: GraphRequest, options: Options) -> Place:
    select = options.get("$select")
    if names_in(options.get("$expand")):  # older pages of the documentation show $expand=members for $select=members
        select = ",".join([*names_in(select), *names_in(options.get("$expand"))])
    text = options.get("$filter")
    ids = sorted(ids_of(text)) if text else []
    return Place(int(request.now), 0, request.tenant.sequence, select, ids)


def next_link(request: GraphRequest, place: Place) -> str:
    token = seal("delta page", request.tenant.id, msgspec.structs.replace(place, issued=int(request.now)))
    return f"{_address(request)}?$skiptoken={token}"


def delta_link(request: GraphRequest, place: Place) -> str:
    done = Place(int(request.now), place.upto, place.upto, place.select, place.ids)
    return f"{_address(request)}?$deltatoken={seal('delta link', request.tenant.id, done)}"


def _gone(request: GraphRequest, code: str, message: str, select: str | None) -> GraphError:
    again = f"{_address(request)}?$deltatoken=" + (f"&$select={select}" if select else "")
    return GraphError(410, code, message, {"Location": again})


def _address(request: GraphRequest) -> str:
    return f"{request.root}/{'/'.join(request.segments)}"
