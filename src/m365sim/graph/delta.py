"""/users/delta and /groups/delta (user-delta.md, group-delta.md, delta-query-groups.md; graph-facts 8).

Whole selected properties of every changed object, removals at the end. What is null was "never set" in the first round
and is left out there; later a null is shown. Sign-ins and licence states are not tracked and never shown.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable
from itertools import islice

import msgspec

from m365sim.graph.caches import remembered
from m365sim.graph.delta_tokens import Place, delta_link, next_link, round_of
from m365sim.graph.groups import groups_in_order
from m365sim.graph.groups import key_of as group_key
from m365sim.graph.members import ids_in_order, visible
from m365sim.graph.object_schemas import GROUP
from m365sim.graph.odata import Selection, names_in, selection_of
from m365sim.graph.permissions import require
from m365sim.graph.request import Answer, GraphRequest
from m365sim.graph.user_schema import USER
from m365sim.graph.users import key_of as user_key
from m365sim.graph.users import users_in_order
from m365sim.tenant import Group, Tenant, User

OBJECTS_A_PAGE = 200
GROUPS_A_PAGE = 100
LINKS_A_PAGE = 5000
_UNTRACKED = frozenset({"signInActivity", "licenseAssignmentStates"})

_encode = msgspec.json.Encoder().encode
Rows = list[dict[str, object]]


def users(request: GraphRequest) -> Answer:
    """GET /users/delta"""
    require(request, "usersDelta")
    wanted = round_of(request)
    place = wanted.place
    selection = _tracked(selection_of(place.select, USER))
    if wanted.latest:
        return _page(request, f"users{selection.context}", [], place, None)
    rows: Rows = []
    following: Place | None = place
    if not place.removals:
        rows, following = _user_rows(request.tenant, place, selection)
    if following is not None and following.removals:
        following = _removals(request.tenant, following, "user", rows)
    return _page(request, f"users{selection.context}", rows, place, following)


def _tracked(selection: Selection[User]) -> Selection[User]:
    return Selection(tuple(item for item in selection.properties if item.name not in _UNTRACKED), selection.context)


def _user_rows(tenant: Tenant, place: Place, selection: Selection[User]) -> tuple[Rows, Place]:
    ordered = users_in_order(tenant)
    start = 0 if place.after is None else bisect_right(ordered, place.after, key=user_key)
    changed = (user for user in islice(ordered, start, None) if user.changed > place.since and _asked(user.id, place))
    chosen = list(islice(changed, OBJECTS_A_PAGE))
    rows = [_shown(selection.row(tenant, user), place) for user in chosen]
    if next(changed, None) is None:
        return rows, msgspec.structs.replace(place, removals=True)
    return rows, msgspec.structs.replace(place, after=user_key(chosen[-1]))


def _asked(object_id: str, place: Place) -> bool:
    return not place.ids or object_id in place.ids


def _shown(row: dict[str, object], place: Place) -> dict[str, object]:
    return row if place.since else {name: value for name, value in row.items() if value is not None}


def _removals(tenant: Tenant, place: Place, kind: str, rows: Rows) -> Place | None:
    """Add removals as far as the page has room; None: the round is done."""
    after = max(place.since, place.removed_after)
    left = (item for item in tenant.removals if item.kind == kind and item.sequence > after)
    for item in left:
        if not _asked(item.object_id, place):
            continue
        if len(rows) >= OBJECTS_A_PAGE:
            return msgspec.structs.replace(place, removed_after=after)
        rows.append({"id": item.object_id, "@removed": {"reason": item.reason}})
        after = item.sequence
    return None


def groups(request: GraphRequest) -> Answer:
    """GET /groups/delta; members ride along where $select is missing or names them."""
    require(request, "groups")
    wanted = round_of(request)
    place = wanted.place
    names = names_in(place.select)
    with_members = not names or "members" in {name.lower() for name in names}
    selection = selection_of(",".join(name for name in names if name.lower() != "members"), GROUP)
    if names and not selection.context:  # members alone were selected
        selection = selection_of("id", GROUP)
    if wanted.latest:
        return _page(request, f"groups{selection.context}", [], place, None)
    rows: Rows = []
    following: Place | None = place
    if not place.removals:
        rows, following = _group_rows(request, place, selection, with_members=with_members)
    if following is not None and following.removals:
        following = _removals(request.tenant, following, "group", rows)
    return _page(request, f"groups{selection.context}", rows, place, following)


def _group_rows(
    request: GraphRequest, place: Place, selection: Selection[Group], *, with_members: bool
) -> tuple[Rows, Place]:
    tenant = request.tenant
    ordered = groups_in_order(tenant)
    start = 0 if place.after is None else bisect_right(ordered, place.after, key=group_key)
    if place.member is not None:  # the last group goes on, if it still exists
        start -= place.after is not None and start > 0 and group_key(ordered[start - 1]) == place.after
    links_of = _links(request, place) if with_members else None
    rows: Rows = []
    room = LINKS_A_PAGE
    for group in islice(ordered, start, None):
        links = links_of(group) if links_of is not None else []
        if not _asked(group.id, place) or not (links or group.changed > place.since):
            continue
        if group_key(group) == place.after and place.member is not None:
            links = [link for link in links if str(link["id"]) > place.member]
        if len(rows) >= GROUPS_A_PAGE or room == 0:
            return rows, msgspec.structs.replace(place, after=_before(ordered, group), member=None)
        row = _shown(selection.row(tenant, group), place)
        if links:
            row["members@delta"] = links[:room]
        rows.append(row)
        if len(links) > room:
            return rows, msgspec.structs.replace(place, after=group_key(group), member=str(links[room - 1]["id"]))
        room -= len(links)
    return rows, msgspec.structs.replace(place, removals=True)


def _before(ordered: list[Group], group: Group) -> tuple[int, str] | None:
    """The key after which this group is the first."""
    at = bisect_right(ordered, group_key(group), key=group_key) - 1
    return None if at == 0 else group_key(ordered[at - 1])


def _links(request: GraphRequest, place: Place) -> Callable[[Group], Rows]:
    """members@delta of a group, sorted by id: all members in the first round, then what came and went."""
    tenant = request.tenant
    if not place.since:
        return lambda group: _member_links(tenant, ids_in_order(tenant, group)) if visible(request, group) else []
    changed = remembered(
        tenant, "member changes", (tenant.sequence, place.since), lambda: _changed_members(tenant, place.since)
    )

    def links(group: Group) -> Rows:
        if group.id not in changed or not visible(request, group):
            return []
        rows = _member_links(tenant, sorted(changed[group.id]))
        for row in rows:
            if row["id"] not in group.members:
                row["@removed"] = {"reason": "deleted"}
        return rows

    return links


def _changed_members(tenant: Tenant, since: int) -> dict[str, set[str]]:
    start = bisect_right(tenant.member_changes, since, key=lambda change: change.sequence)
    changed: dict[str, set[str]] = {}
    for change in islice(tenant.member_changes, start, None):
        changed.setdefault(change.group_id, set()).add(change.member_id)
    return changed


def _member_links(tenant: Tenant, ids: Iterable[str]) -> Rows:
    return [{"@odata.type": _type_of(tenant, member_id), "id": member_id} for member_id in ids]


def _type_of(tenant: Tenant, object_id: str) -> str:
    """The type also of what was deleted; what was purged is taken for a user, as almost all members are."""
    if object_id in tenant.groups or object_id in tenant.deleted_groups:
        return "#microsoft.graph.group"
    other = tenant.others.get(object_id)
    return "#microsoft.graph.user" if other is None else other.odata_type


def _page(request: GraphRequest, context: str, rows: Rows, place: Place, following: Place | None) -> Answer:
    body: dict[str, object] = {"@odata.context": f"{request.root}/$metadata#{context}"}
    if following is None:
        body["@odata.deltaLink"] = delta_link(request, place)
    else:
        body["@odata.nextLink"] = next_link(request, following)
    body["value"] = rows
    answer = Answer(body=_encode(body))
    if "return=minimal" in request.headers.get("prefer", "").lower():
        answer.headers["Preference-Applied"] = "return=minimal"
    return answer
