"""The true answer: what an inventory of the tenant has to come to, dataset by dataset.

Columns and definitions are those of Stocktake's command line contract (design, section 7), without `connector` and
`product_name`, which the tenant does not know. Instants are UTC ISO 8601 with Z, days are YYYY-MM-DD, absent is None.
Rows come in the order of their keys.
"""

from collections.abc import Callable, Iterator

from m365sim.activity import WORKLOADS, concealed
from m365sim.clock import iso
from m365sim.reports.active_users import ActiveUserRow, active_user_rows
from m365sim.tenant import Group, Tenant, User

Row = dict[str, object]

REPORT = "getOffice365ActiveUserDetail"
PERIOD = 180

# The workloads as the columns of the report call them, in snake_case.
_COLUMN_WORDS = dict(zip(WORKLOADS, (*WORKLOADS[:3], "skype_for_business", *WORKLOADS[4:]), strict=True))


def dataset(tenant: Tenant, name: str, now: float) -> Iterator[Row]:
    """The rows of one of `DATASETS` at the instant `now`; KeyError for another name."""
    return DATASETS[name](tenant, now)


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
        last, successful = _sign_ins(user) if tenant.premium else (None, None)
        yield {
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
    """One row for each line of the report, in the order of the printed names.

    A name is matched to a live user only where that is certain: no deleted user, and nobody when names are concealed.
    """
    by_name = {user.user_principal_name.lower(): user.id for user in tenant.users.values()}
    rows = []
    for line in active_user_rows(tenant, now, PERIOD):
        matched = None if line.is_deleted or tenant.conceal_names else by_name.get(line.user_principal_name.lower())
        rows.append(_usage_row(line, matched, conceal=tenant.conceal_names))
    yield from sorted(rows, key=lambda row: str(row["user_principal_name"]))


def _usage_row(line: ActiveUserRow, user_id: str | None, *, conceal: bool) -> Row:
    shown = (line.user_principal_name, line.display_name)
    principal_name, display_name = map(concealed, shown) if conceal else shown
    days = [day for day in line.last_activity_on if day]
    words = [_COLUMN_WORDS[workload] for workload in WORKLOADS]
    metrics: Row = {"display_name": display_name, "is_deleted": line.is_deleted, "deleted_date": line.deleted_on}
    metrics |= {f"has_{word}_license": value for word, value in zip(words, line.licensed, strict=True)}
    metrics |= {f"{word}_last_activity_date": day for word, day in zip(words, line.last_activity_on, strict=True)}
    metrics |= {f"{word}_license_assign_date": day for word, day in zip(words, line.licence_assigned_on, strict=True)}
    metrics["assigned_products"] = list(line.assigned_products)
    return {
        "report": REPORT,
        "user_id": user_id,
        "user_principal_name": principal_name,
        "refreshed_on": line.refreshed_on,
        "period": PERIOD,
        "last_activity_on": max(days, default=None),
        "metrics": metrics,
    }


DATASETS: dict[str, Callable[[Tenant, float], Iterator[Row]]] = {
    "subscriptions": _subscriptions,
    "users": _users,
    "groups": _groups,
    "memberships": _memberships,
    "assignments": _assignments,
    "terms": _terms,
    "usage": _usage,
}
