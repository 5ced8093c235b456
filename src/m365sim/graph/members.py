"""/groups/{id}/members and transitiveMembers, plain, counted and cast to one type (group-list-members.md).

Members are listed in the order of their ids, which coming and going do not move. Members of a type that the caller
may not read show their id and type and nothing else (permissions-reference.md, limited information); hidden
memberships look empty without Member.Read.Hidden.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from m365sim.graph.caches import remembered
from m365sim.graph.errors import unknown_segment
from m365sim.graph.groups import group_of
from m365sim.graph.listing import Projection, Source, answer_listing, count_rows, needs_eventual
from m365sim.graph.object_schemas import GROUP, OTHERS
from m365sim.graph.odata import Options, names_in, options_of, page_size, property_of
from m365sim.graph.ordering import Key
from m365sim.graph.permissions import allows, require, require_sign_ins
from m365sim.graph.request import Answer, GraphRequest, number
from m365sim.graph.schema import MISSING, Entity, Property
from m365sim.graph.user_schema import USER
from m365sim.graph.users import asks_for_sign_ins, count_options
from m365sim.tenant import Group, OtherObject, Tenant, User

Member: TypeAlias = User | Group | OtherObject

_CONTEXTS = {
    "microsoft.graph.user": "users",
    "microsoft.graph.group": "groups",
    "microsoft.graph.device": "devices",
    "microsoft.graph.serviceprincipal": "servicePrincipals",
    "microsoft.graph.orgcontact": "contacts",
}


def type_of(item: Member) -> str:
    if isinstance(item, User):
        return "#microsoft.graph.user"
    return "#microsoft.graph.group" if isinstance(item, Group) else item.odata_type


def _read_as(name: str) -> Callable[[Tenant, Member], object]:
    def read(tenant: Tenant, item: Member) -> object:
        if isinstance(item, User):
            user = USER.properties.get(name)
            return MISSING if user is None else user.read(tenant, item)
        if isinstance(item, Group):
            group = GROUP.properties.get(name)
            return MISSING if group is None else group.read(tenant, item)
        other = OTHERS[item.odata_type].properties.get(name)
        return MISSING if other is None else other.read(tenant, item)

    return read


def _merged() -> dict[str, Property[Member]]:
    """Every property of every type that can be a member: $select may name those of the derived types."""
    merged: dict[str, Property[Member]] = {}
    every: list[Mapping[str, Property[Any]]] = [USER.properties, GROUP.properties]
    every.extend(other.properties for other in OTHERS.values())
    for offered in every:
        for key, item in offered.items():
            known = merged.get(key)
            operators = item.operators | (known.operators if known is not None else frozenset())
            merged[key] = Property(item.name, _read_as(key), operators, single_only=item.single_only)
    return merged


MEMBER: Entity[Member] = Entity("microsoft.graph.directoryObject", "DirectoryObject", _merged())

# The defaults of each type, as names in Graph's spelling.
_DEFAULTS: dict[str, tuple[str, ...]] = {
    "#microsoft.graph.user": tuple(item.name for item in USER.defaults),
    "#microsoft.graph.group": tuple(item.name for item in GROUP.defaults),
    **{name: tuple(item.name for item in other.defaults) for name, other in OTHERS.items()},
}


@dataclass(slots=True, frozen=True)
class Mixed:
    """A projection of members: selected names, or each type's defaults; `readable` are the types that show more."""

    names: tuple[str, ...]
    context: str
    readable: frozenset[str]
    typed: bool  # print @odata.type

    @property
    def key(self) -> tuple[str, ...]:
        return self.names

    def row(self, tenant: Tenant, item: Member) -> dict[str, object]:
        kind = type_of(item)
        row: dict[str, object] = {"@odata.type": kind} if self.typed else {}
        row["id"] = item.id
        for name in self.names or _DEFAULTS[kind]:
            if name == "id":
                continue
            value = MEMBER.properties[name.lower()].read(tenant, item)
            if value is not MISSING:
                row[name] = value if kind in self.readable else None
        return row


def members(request: GraphRequest) -> Answer:
    """GET /groups/{id}/members(/{cast})"""
    return _list(request, _direct)


def transitive_members(request: GraphRequest) -> Answer:
    """GET /groups/{id}/transitiveMembers(/{cast})"""
    return _list(request, _transitive)


def count_members(request: GraphRequest) -> Answer:
    """GET /groups/{id}/members(/{cast})/$count"""
    return _count(request, _direct)


def count_transitive_members(request: GraphRequest) -> Answer:
    """GET /groups/{id}/transitiveMembers(/{cast})/$count"""
    return _count(request, _transitive)


def _list(request: GraphRequest, of: Callable[[GraphRequest, Group], list[str]]) -> Answer:
    require(request, "members")
    options = options_of(request)
    cast = _cast(request)
    if cast and not (request.eventual and options.counted):
        raise needs_eventual("OData cast")
    if asks_for_sign_ins(options):
        require_sign_ins(request)
    size = page_size(options.get("$top"))
    return answer_listing(request, _source(request, of, cast), _projection(request, options, cast), options, size)


def _count(request: GraphRequest, of: Callable[[GraphRequest, Group], list[str]]) -> Answer:
    require(request, "members")
    return number(count_rows(request, _source(request, of, _cast(request)), count_options(request)))


def _source(request: GraphRequest, of: Callable[[GraphRequest, Group], list[str]], cast: str | None) -> Source[Member]:
    tenant = request.tenant
    ids = of(request, group_of(tenant, request.parameters[0]))
    rows = [item for item in objects(tenant, ids) if cast is None or type_of(item).lower() == f"#{cast}"]
    context = "directoryObjects" if cast is None else _CONTEXTS[cast]
    return Source(MEMBER, context, rows, _key_of, always_advanced=True)


def _key_of(item: Member) -> Key:
    return 0, item.id


def _cast(request: GraphRequest) -> str | None:
    if len(request.parameters) == 1:
        return None
    cast = request.parameters[1].lower()
    if cast not in _CONTEXTS:
        raise unknown_segment(request.parameters[1])
    return cast


def _projection(request: GraphRequest, options: Options, cast: str | None) -> Projection[Member]:
    names = [property_of(name, MEMBER).name for name in names_in(options.get("$select"))]
    kinds = frozenset(kind for kind in _DEFAULTS if allows(request.principal, kind))
    return Mixed(tuple(dict.fromkeys(names)), f"({','.join(names)})" if names else "", kinds, typed=cast is None)


def objects(tenant: Tenant, ids: Iterable[str]) -> Iterable[Member]:
    for object_id in ids:
        found = tenant.users.get(object_id) or tenant.groups.get(object_id) or tenant.others.get(object_id)
        if found is not None:
            yield found


def visible(request: GraphRequest, group: Group) -> bool:
    return group.visibility != "HiddenMembership" or allows(request.principal, "hiddenMembers")


def ids_in_order(tenant: Tenant, group: Group) -> list[str]:
    """Ids of the direct members, sorted; a large group is asked for page by page and sorted once."""
    if len(group.members) < 500:
        return sorted(group.members)
    return remembered(tenant, f"members of {group.id}", tenant.sequence, lambda: sorted(group.members))


def _direct(request: GraphRequest, group: Group) -> list[str]:
    return ids_in_order(request.tenant, group) if visible(request, group) else []


def _transitive(request: GraphRequest, group: Group) -> list[str]:
    tenant, seen, waiting = request.tenant, {group.id}, [group]
    while waiting:
        current = waiting.pop()
        if not visible(request, current):
            continue
        for member_id in current.members:
            if member_id not in seen:
                seen.add(member_id)
                nested = tenant.groups.get(member_id)
                if nested is not None:
                    waiting.append(nested)
    seen.discard(group.id)
    return sorted(seen)
