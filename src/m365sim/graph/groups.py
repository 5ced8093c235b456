"""/groups, /groups/$count, /groups/{id}, deleted groups."""

from m365sim.graph.caches import remembered
from m365sim.graph.errors import not_found
from m365sim.graph.listing import Source, answer_listing, count_rows
from m365sim.graph.object_schemas import GROUP
from m365sim.graph.odata import SELECT_ONLY, options_of, page_size, selection_of
from m365sim.graph.ordering import Key
from m365sim.graph.permissions import require
from m365sim.graph.request import Answer, GraphRequest, entity, number
from m365sim.graph.users import count_options
from m365sim.tenant import Group, Tenant


def key_of(item: Group) -> Key:
    return item.created_seq, item.id


def groups_in_order(tenant: Tenant) -> list[Group]:
    return remembered(tenant, "groups", tenant.sequence, lambda: sorted(tenant.groups.values(), key=key_of))


def listed_groups(tenant: Tenant) -> Source[Group]:
    return Source(GROUP, "groups", groups_in_order(tenant), key_of, name="groups")


def collection(request: GraphRequest) -> Answer:
    """GET /groups"""
    require(request, "groups")
    options = options_of(request)
    selection = selection_of(options.get("$select"), GROUP)
    size = page_size(options.get("$top"))
    return answer_listing(request, listed_groups(request.tenant), selection, options, size)


def count(request: GraphRequest) -> Answer:
    """GET /groups/$count"""
    require(request, "groups")
    return number(count_rows(request, listed_groups(request.tenant), count_options(request)))


def one(request: GraphRequest) -> Answer:
    """GET /groups/{id}"""
    require(request, "groups")
    selection = selection_of(options_of(request, SELECT_ONLY).get("$select"), GROUP, collection=False)
    group = group_of(request.tenant, request.parameters[0])
    return entity(request, f"groups{selection.context}/$entity", selection.row(request.tenant, group))


def group_of(tenant: Tenant, group_id: str) -> Group:
    """A live group by id; GraphError 404."""
    found = tenant.groups.get(group_id.lower())
    if found is None:
        raise not_found(group_id)
    return found


def deleted(request: GraphRequest) -> Answer:
    """GET /directory/deletedItems/microsoft.graph.group: Microsoft 365 groups alone are kept after deletion."""
    require(request, "deletedGroups")
    options = options_of(request)
    source = Source(GROUP, "groups", sorted(request.tenant.deleted_groups.values(), key=key_of), key_of)
    selection = selection_of(options.get("$select"), GROUP)
    return answer_listing(request, source, selection, options, page_size(options.get("$top")))
