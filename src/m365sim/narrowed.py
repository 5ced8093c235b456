"""What a signed-in person may see of a tenant.

Microsoft lets an ordinary member read the whole directory, and an administrative unit scopes management, not reading.
A tenant that several businesses share therefore narrows reading by other means; the simulator's stand-in for all of
them is the company name: a person planted as "of one business" sees the members of that business, the groups that at
least one of them is in, and those memberships. Guests, and everybody without a role where the tenant keeps its users
from reading others, see themselves and the groups that they are in. Figures of the whole tenant (consumedUnits,
subscriptions) stay whole, as with Microsoft.

A view is a tenant of its own, so that listing, counting, delta, memberships and the oracle agree by construction.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace

from m365sim.accounts import Account, account_roles
from m365sim.directory_roles import READ_DIRECTORY
from m365sim.tenant import Group, Removal, Tenant, User
from m365sim.world import World


@dataclass(slots=True)
class NarrowedTenant(Tenant):
    """A part of `whole`. Read only: writes go to the whole."""

    whole: Tenant | None = None

    def consumed(self) -> dict[str, int]:
        """Of the whole tenant: seats are not divided among businesses."""
        return Tenant.consumed(self) if self.whole is None else self.whole.consumed()


@dataclass(slots=True)
class _View:
    """What was made for one person, and what they have seen so far."""

    key: str
    whole: Tenant
    version: tuple[object, ...]
    tenant: Tenant
    seen_users: dict[str, None] = field(default_factory=dict)
    seen_groups: dict[str, None] = field(default_factory=dict)
    lost: list[Removal] = field(default_factory=list)


_views: dict[tuple[str, str], _View] = {}


def tenant_as_seen(world: World, tenant: Tenant, user_id: str | None) -> Tenant:
    """The tenant itself for an application and for whoever may read all of it, else what this user may see."""
    if user_id is None:
        return tenant
    account = world.interactive.account_of(user_id, tenant.id)
    narrowing = None if account is None else _narrowing(world, tenant, account, user_id)
    if narrowing is None:
        return tenant
    version = (tenant.revision, tenant.premium, tenant.conceal_names, narrowing.name)
    key = (tenant.id, user_id)
    found = _views.get(key)
    if found is None or found.whole is not tenant:
        found = _views[key] = _View(f"{narrowing.name} for {user_id}", tenant, (), tenant)
    if found.version != version:
        found.tenant = _narrowed(tenant, narrowing, found)
        found.version = version
    return found.tenant


@dataclass(slots=True, frozen=True)
class _Narrowing:
    name: str
    shows: Callable[[User], bool]


def _narrowing(world: World, tenant: Tenant, account: Account, user_id: str) -> _Narrowing | None:
    if account.business is not None and account.tenant_id == tenant.id:
        business = account.business
        return _Narrowing(f"business {business}", lambda user: user.company_name == business or user.id == user_id)
    if account_roles(account, tenant.id) & READ_DIRECTORY:
        return None
    if account.tenant_id != tenant.id or not world.interactive.rules_of(tenant.id).users_may_read_others:
        return _Narrowing("oneself", lambda user: user.id == user_id)
    return None


def _narrowed(tenant: Tenant, narrowing: _Narrowing, view: _View) -> Tenant:
    users = {user.id: user for user in tenant.users.values() if narrowing.shows(user)}
    deleted = {user.id: user for user in tenant.deleted_users.values() if narrowing.shows(user)}
    groups = _groups(tenant, users)
    _note_losses(tenant, view, users, groups)
    known = {**users, **deleted}
    removals = [
        item
        for item in tenant.removals
        if item.object_id in deleted or item.object_id in view.seen_users or item.object_id in view.seen_groups
    ]
    whole = {item.name: getattr(tenant, item.name) for item in fields(Tenant)}
    whole |= {
        "users": users,
        "deleted_users": deleted,
        "groups": groups,
        "deleted_groups": {key: group for key, group in tenant.deleted_groups.items() if key in view.seen_groups},
        "others": {},
        "member_changes": [
            change
            for change in tenant.member_changes
            if change.group_id in groups and (change.member_id in known or change.member_id in view.seen_groups)
        ],
        "removals": sorted([*removals, *view.lost], key=lambda item: item.sequence),
        "view": view.key,
        "whole": tenant,
    }
    return NarrowedTenant(**whole)


def _groups(tenant: Tenant, users: dict[str, User]) -> dict[str, Group]:
    """Groups with at least one visible user as a direct member; of their members the visible users and groups."""
    shown = {group.id: group for group in tenant.groups.values() if any(member in users for member in group.members)}
    return {
        group.id: replace(
            group, members={member: None for member in group.members if member in users or member in shown}
        )
        for group in shown.values()
    }


def _note_losses(tenant: Tenant, view: _View, users: dict[str, User], groups: dict[str, Group]) -> None:
    """What this person saw before and sees no more although it lives: delta says that it was removed."""
    for user_id in [key for key in view.seen_users if key not in users]:
        del view.seen_users[user_id]
        if user_id in tenant.users:
            view.lost.append(Removal(tenant.users[user_id].changed, user_id, "deleted"))
    for group_id in [key for key in view.seen_groups if key not in groups]:
        if group_id in tenant.groups:
            del view.seen_groups[group_id]
            view.lost.append(Removal(tenant.sequence, group_id, "deleted", "group"))
    view.seen_users |= dict.fromkeys(users)
    view.seen_groups |= dict.fromkeys(groups)
    view.lost = [item for item in view.lost if item.object_id not in users and item.object_id not in groups]
