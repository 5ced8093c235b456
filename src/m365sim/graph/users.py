"""/users, /users/$count, /users/{id or UPN}, /users/{id}/licenseDetails, deleted users."""

from base64 import urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID

from m365sim.graph.caches import remembered
from m365sim.graph.errors import bad_request, denied, not_found
from m365sim.graph.filters import names_of
from m365sim.graph.listing import Source, answer_listing, count_rows
from m365sim.graph.odata import SELECT_ONLY, Options, Selection, names_in, options_of, page_size, selection_of
from m365sim.graph.ordering import Key
from m365sim.graph.permissions import reads_whole_users, require, require_sign_ins
from m365sim.graph.request import Answer, GraphRequest, entity, number, whole
from m365sim.graph.user_schema import USER, plan_rows
from m365sim.tenant import Tenant, User, merged_licences

MOST_WITH_SIGN_INS = 500
_COUNT_OPTIONS = frozenset({"$filter", "$search"})


def key_of(item: User) -> Key:
    """The order of creation, which no change and no restore moves."""
    return item.created_seq, item.id


def users_in_order(tenant: Tenant) -> list[User]:
    return remembered(tenant, "users", tenant.sequence, lambda: sorted(tenant.users.values(), key=key_of))


def listed_users(tenant: Tenant) -> Source[User]:
    return Source(USER, "users", users_in_order(tenant), key_of, name="users")


def collection(request: GraphRequest) -> Answer:
    """GET /users"""
    require(request, "users")
    options = options_of(request)
    sign_ins = asks_for_sign_ins(options)
    if sign_ins:
        require_sign_ins(request)
    size = page_size(options.get("$top"))
    if sign_ins and size > MOST_WITH_SIGN_INS:
        raise bad_request(f"Cannot query data for more than {MOST_WITH_SIGN_INS} users at a time.")
    return answer_listing(request, listed_users(request.tenant), selected(request, options), options, size)


def count(request: GraphRequest) -> Answer:
    """GET /users/$count"""
    require(request, "users")
    options = count_options(request)
    if asks_for_sign_ins(options):
        require_sign_ins(request)
    return number(count_rows(request, listed_users(request.tenant), options))


def count_options(request: GraphRequest) -> Options:
    """The options of a /$count; GraphError 400 without ConsistencyLevel (example advanced-query-error.1)."""
    if not request.eventual:
        raise bad_request("$count is not currently supported.")
    options = options_of(request, _COUNT_OPTIONS)
    return replace(options, values={**options.values, "$count": "true"})


def one(request: GraphRequest) -> Answer:
    """GET /users/{id or UPN}"""
    require(request, "users")
    options = options_of(request, SELECT_ONLY)
    if asks_for_sign_ins(options):
        require_sign_ins(request)
    user = user_of(request.tenant, request.parameters[0])
    selection = selected(request, options, collection=False)
    return entity(request, f"users{selection.context}/$entity", selection.row(request.tenant, user))


def user_of(tenant: Tenant, name: str) -> User:
    """A live user by id or user principal name, case-blind; GraphError 404."""
    found = tenant.users.get(name.lower())
    if found is None:
        by_name = remembered(
            tenant,
            "users by name",
            tenant.sequence,
            lambda: {user.user_principal_name.lower(): user for user in tenant.users.values()},
        )
        found = by_name.get(name.lower())
    if found is None:
        raise not_found(name)
    return found


def licence_details(request: GraphRequest) -> Answer:
    """GET /users/{id}/licenseDetails"""
    require(request, "licenseDetails")
    selecting = names_in(options_of(request, SELECT_ONLY).get("$select"))
    tenant = request.tenant
    user = user_of(tenant, request.parameters[0])
    rows: list[dict[str, object]] = []
    for sku_id, disabled in merged_licences(user.assignments).items():
        sku = tenant.skus[sku_id]
        row: dict[str, object] = {
            "id": urlsafe_b64encode(UUID(tenant.id).bytes + UUID(sku_id).bytes).decode().rstrip("="),
            "skuId": sku_id,
            "skuPartNumber": sku.part_number,
            "servicePlans": plan_rows(sku, disabled),
        }
        rows.append({name: value for name, value in row.items() if not selecting or name in {*selecting, "id"}})
    return whole(request, f"users('{user.id}')/licenseDetails", rows)


def deleted(request: GraphRequest) -> Answer:
    """GET /directory/deletedItems/microsoft.graph.user"""
    require(request, "deletedUsers")
    options = options_of(request)
    if asks_for_sign_ins(options):
        require_sign_ins(request)
    rows: Sequence[User] = sorted(request.tenant.deleted_users.values(), key=key_of)
    source = Source(USER, "users", rows, key_of)
    return answer_listing(request, source, selected(request, options), options, page_size(options.get("$top")))


def selected(request: GraphRequest, options: Options, *, collection: bool = True) -> Selection[User]:
    """What $select names; with User.ReadBasic.All alone names and address, GraphError 403 for more."""
    selection = selection_of(options.get("$select"), USER, collection=collection)
    if reads_whole_users(request.principal) or all(item.basic for item in selection.properties):
        return selection
    if selection.context:
        raise denied()
    return Selection(tuple(item for item in selection.properties if item.basic), "")


def asks_for_sign_ins(options: Options) -> bool:
    """True where signInActivity is selected, filtered or sorted by."""
    mentioned = {name.lower() for name in names_in(options.get("$select"))}
    if text := options.get("$filter"):
        mentioned |= names_of(text)
    return "signinactivity" in mentioned or "signinactivity" in (options.get("$orderby") or "").lower()
