"""The true answer: what an inventory of the tenant has to come to, dataset by dataset.

Columns and definitions are those of Stocktake's command line contract (design, section 7), without `connector` and
`product_name`, which the tenant does not know. Instants are UTC ISO 8601 with Z, days are YYYY-MM-DD, absent is None.
Rows come in the order of their keys.
"""

from collections.abc import Callable, Iterator

from m365sim.activated_roles import activated_roles
from m365sim.clock import iso
from m365sim.consents import principal_id
from m365sim.oracle_usage import is_usage, usage_rows
from m365sim.tenant import Group, Tenant, User
from m365sim.world import World

Row = dict[str, object]


def dataset(tenant: Tenant, name: str, now: float, world: World | None = None) -> Iterator[Row]:
    """The rows of a dataset at the instant `now`; KeyError for another name.

    Names are those of `DATASETS` and `FURTHER`, with `world` also those of `OF_THE_WORLD`, and what
    `oracle_usage.usage_rows` takes, for example `usage:getMailboxUsageDetail` or `usage:*`.
    """
    if world is not None and name in OF_THE_WORLD:
        return OF_THE_WORLD[name](tenant, world)
    if name not in DATASETS and is_usage(name):
        return usage_rows(tenant, name, now)
    return (DATASETS | FURTHER)[name](tenant, now)


def known(name: str) -> bool:
    """Whether there is a dataset of that name, given a world."""
    return name in DATASETS or name in FURTHER or name in OF_THE_WORLD or is_usage(name)


def _at(instant: int | None) -> str | None:
    return None if instant is None else iso(instant)


def _subscriptions(tenant: Tenant, _now: float) -> Iterator[Row]:
    consumed = tenant.consumed()
    for sku in sorted(tenant.skus.values(), key=lambda sku: sku.sku_id):
        yield {
            "sku_id": sku.sku_id,
            "sku_part_number": sku.part_number,
            "capability_status": sku.capability_status,
            "enabled": sku.enabled,
            "warning": sku.warning,
            "suspended": sku.suspended,
            "locked_out": sku.locked_out,
            "consumed": consumed[sku.sku_id],
            "available": sku.enabled + sku.warning - consumed[sku.sku_id],
        }


def _terms(tenant: Tenant, _now: float) -> Iterator[Row]:
    terms = [(term, sku) for sku in tenant.skus.values() for term in sku.subscriptions]
    for term, sku in sorted(terms, key=lambda pair: pair[0].id):
        yield {
            "subscription_id": term.id,
            "sku_id": sku.sku_id,
            "status": term.status,
            "total": term.total,
            "is_trial": term.is_trial,
            "created_at": iso(term.created_at),
            "next_lifecycle_at": _at(term.next_lifecycle_at),
        }


def _by_id(table: dict[str, User]) -> Iterator[User]:
    return iter(sorted(table.values(), key=lambda user: user.id))


def _users(tenant: Tenant, _now: float) -> Iterator[Row]:
    for user in _by_id(tenant.users):
        yield _user(user, premium=tenant.premium)


def _user(user: User, *, premium: bool) -> Row:
    last, successful = _sign_ins(user) if premium else (None, None)
    return {
        "id": user.id,
        "user_principal_name": user.user_principal_name,
        "display_name": user.display_name,
        "mail": user.mail,
        "account_enabled": user.account_enabled,
        "user_type": user.user_type,
        "department": user.department,
        "company_name": user.company_name,
        "job_title": user.job_title,
        "office_location": user.office_location,
        "country": user.country,
        "usage_location": user.usage_location,
        "employee_id": user.employee_id,
        "cost_center": user.cost_center,
        "on_premises_sync_enabled": user.on_premises_sync_enabled,
        "created_at": iso(user.created_at),
        "last_sign_in_at": _at(last),
        "last_successful_sign_in_at": _at(successful),
    }


def _sign_ins(user: User) -> tuple[int | None, int | None]:
    """The last attempt of either kind, and the last that succeeded."""
    seen = user.sign_ins
    if seen is None:
        return None, None
    attempts = [at for at in (seen.last_attempt_at, seen.last_non_interactive_at) if at is not None]
    return max(attempts, default=None), seen.last_successful_at


def _kind(group: Group) -> str:
    if "Unified" in group.group_types:
        return "microsoft365"
    if not group.mail_enabled:
        return "security"
    return "mail_enabled_security" if group.security_enabled else "distribution"


def _groups(tenant: Tenant, _now: float) -> Iterator[Row]:
    for group in sorted(tenant.groups.values(), key=lambda group: group.id):
        yield {
            "id": group.id,
            "display_name": group.display_name,
            "mail": group.mail,
            "kind": _kind(group),
            "dynamic": "DynamicMembership" in group.group_types,
            "licence_sku_ids": sorted(sku_id for sku_id, _ in group.licenses),
        }


def _memberships(tenant: Tenant, _now: float) -> Iterator[Row]:
    for group in sorted(tenant.groups.values(), key=lambda group: group.id):
        for member_id in sorted(group.members):
            yield {
                "group_id": group.id,
                "member_id": member_id,
                "member_type": tenant.type_of(member_id).removeprefix("#microsoft.graph."),
            }


def _assignments(tenant: Tenant, _now: float) -> Iterator[Row]:
    for user in _by_id(tenant.users):
        ways = sorted(user.assignments, key=lambda way: (way.sku_id, way.group_id is not None, way.group_id or ""))
        for way in ways:
            yield {
                "user_id": user.id,
                "user_principal_name": user.user_principal_name,
                "sku_id": way.sku_id,
                "sku_part_number": tenant.skus[way.sku_id].part_number,
                "source": "group" if way.group_id else "direct",
                "group_id": way.group_id,
                "state": way.state,
                "error": None if way.error == "None" else way.error,
                "disabled_plan_ids": sorted(way.disabled_plans),
                "assigned_since": iso(way.updated_at),
            }


def _usage(tenant: Tenant, now: float) -> Iterator[Row]:
    return usage_rows(tenant, "usage", now)


def _deleted_users(tenant: Tenant, _now: float) -> Iterator[Row]:
    """Those that /directory/deletedItems still has."""
    for user in _by_id(tenant.deleted_users):
        yield _user(user, premium=tenant.premium) | {"deleted_at": _at(user.deleted_at)}


def _directory_roles(tenant: Tenant, world: World) -> Iterator[Row]:
    for role in activated_roles(world, tenant):
        yield {
            "role_template_id": role.template_id,
            "display_name": role.name,
            "member_ids": list(role.member_ids),
        }


def _service_principals(tenant: Tenant, world: World) -> Iterator[Row]:
    """Applications that hold consent in the tenant: application permissions, or delegated ones by anybody."""
    rows: list[Row] = []
    for application in world.applications.values():
        roles = sorted(application.granted_roles.get(tenant.id, set()))
        scopes = sorted({s for g in application.scope_grants if g.tenant_id == tenant.id for s in g.scopes})
        object_id = principal_id(application, tenant.id)
        if object_id is not None and (roles or scopes):
            rows.append(
                {
                    "id": object_id,
                    "app_id": application.client_id,
                    "display_name": application.display_name,
                    "application_permissions": roles,
                    "delegated_permissions": scopes,
                }
            )
    return iter(sorted(rows, key=lambda row: str(row["id"])))


DATASETS: dict[str, Callable[[Tenant, float], Iterator[Row]]] = {
    "subscriptions": _subscriptions,
    "users": _users,
    "groups": _groups,
    "memberships": _memberships,
    "assignments": _assignments,
    "terms": _terms,
    "usage": _usage,
}
# What the product comes to export after those.
FURTHER: dict[str, Callable[[Tenant, float], Iterator[Row]]] = {"deleted_users": _deleted_users}
# What the tenant alone does not know: who signs in, and with which applications.
OF_THE_WORLD: dict[str, Callable[[Tenant, World], Iterator[Row]]] = {
    "directory_roles": _directory_roles,
    "service_principals": _service_principals,
}
