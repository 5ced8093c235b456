"""What the usage report of active users knows: getOffice365ActiveUserDetail.

Sources: the v1.0 page of the report (columns), downloads seen by others (graph-facts 2.1, 2.2: lag of 48 hours, empty
dates, upper-case products joined by +, concealed names of 32 upper-case hex characters).
"""

import hashlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from m365sim.company.products import PRODUCTS_BY_SKU
from m365sim.tenant import Assignment, Tenant, User

DAY = 86_400
LAG_DAYS = 2

# The service plans that make somebody a licensed user of a workload, by Microsoft's servicePlanName.
WORKLOAD_PLANS: dict[str, frozenset[str]] = {
    "exchange": frozenset({"EXCHANGE_S_STANDARD", "EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_DESKLESS"}),
    "onedrive": frozenset(
        {"SHAREPOINTENTERPRISE", "SHAREPOINTSTANDARD", "SHAREPOINTDESKLESS", "SHAREPOINT_S_DEVELOPER", "ONEDRIVE_BASIC"}
    ),
    "sharepoint": frozenset(
        {"SHAREPOINTENTERPRISE", "SHAREPOINTSTANDARD", "SHAREPOINTDESKLESS", "SHAREPOINT_S_DEVELOPER"}
    ),
    "skype": frozenset({"MCOSTANDARD", "MCOIMP"}),
    "yammer": frozenset({"YAMMER_ENTERPRISE"}),
    "teams": frozenset({"TEAMS1"}),
}
WORKLOADS: tuple[str, ...] = tuple(WORKLOAD_PLANS)


class ActiveUserRow(NamedTuple):
    """One line of the report with names in the clear, in the order of its columns.

    The first of each six is Exchange, then OneDrive, SharePoint, Skype for Business, Yammer, Teams. Dates are
    YYYY-MM-DD or None for an empty cell.
    """

    refreshed_on: str
    user_principal_name: str
    display_name: str
    is_deleted: bool
    deleted_on: str | None
    licensed: tuple[bool, ...]
    last_activity_on: tuple[str | None, ...]
    licence_assigned_on: tuple[str | None, ...]
    assigned_products: tuple[str, ...]


def refresh_date(now: float) -> str:
    """The last day that the report covers, YYYY-MM-DD."""
    return iso_day(_refresh_day(now))


def iso_day(day: int) -> str:
    """An epoch day as YYYY-MM-DD."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%d")


def concealed(name: str) -> str:
    """What the report prints for a name when adminReportSettings.displayConcealedNames is true; the same each time."""
    return hashlib.sha256(name.encode()).hexdigest()[:32].upper()


def active_user_rows(tenant: Tenant, now: float, period: int = 180) -> Iterator[ActiveUserRow]:
    """Everybody who has, or by their activity had, a licence of a workload; the deleted ones last.

    `period` is in days and decides only how far back deleted users are shown: the last activity dates stay as they are,
    for the documentation does not say that they are cut. Who joined after the refresh date is missing, who was deleted
    after it is shown as present with the licences held until then, and a day of activity after it is an empty cell.
    Licences themselves are shown as they are now: their past is not kept.
    """
    refresh = _refresh_day(now)
    for user in tenant.users.values():
        if user.created_at // DAY <= refresh:
            row = _row(user, user.assignments, refresh, deleted_day=None)
            if row is not None:
                yield row
    for user in tenant.deleted_users.values():
        deleted_day = (user.deleted_at or 0) // DAY
        if user.created_at // DAY > refresh or deleted_day < refresh - period:
            continue
        gone = deleted_day <= refresh
        held = () if gone or user.deleted_with is None else user.deleted_with.assignments
        row = _row(user, held, refresh, deleted_day if gone else None)
        if row is not None:
            yield row


def workloads_of(assignments: tuple[Assignment, ...]) -> dict[str, int]:
    """The workloads that these assignments license, each with the epoch second of the earliest way that does."""
    since: dict[str, int] = {}
    for way in assignments:
        if way.state == "Error":
            continue
        for workload in _workloads(way.sku_id, way.disabled_plans):
            since[workload] = min(since.get(workload, way.updated_at), way.updated_at)
    return since


@lru_cache(maxsize=4096)
def _workloads(sku_id: str, disabled_plans: tuple[str, ...]) -> tuple[str, ...]:
    product = PRODUCTS_BY_SKU.get(sku_id)
    if product is None:
        return ()
    names = {plan.name for plan in product.plans if plan.id not in disabled_plans}
    return tuple(workload for workload, plans in WORKLOAD_PLANS.items() if names & plans)


def _refresh_day(now: float) -> int:
    return int(now) // DAY - LAG_DAYS


def _row(
    user: User, assignments: tuple[Assignment, ...], refresh: int, deleted_day: int | None
) -> ActiveUserRow | None:
    since = workloads_of(assignments)
    if not since and not user.activity:
        return None
    return ActiveUserRow(
        refreshed_on=_day_text(refresh),
        user_principal_name=_as_reported(user),
        display_name=user.display_name,
        is_deleted=deleted_day is not None,
        deleted_on=None if deleted_day is None else _day_text(deleted_day),
        licensed=tuple(workload in since for workload in WORKLOADS),
        last_activity_on=tuple(_activity_day(user, workload, refresh) for workload in WORKLOADS),
        licence_assigned_on=tuple(
            _day_text(since[workload] // DAY) if workload in since else None for workload in WORKLOADS
        ),
        assigned_products=tuple(
            sorted({product_name(way.sku_id) for way in assignments if way.state != "Error"} - {""})
        ),
    )


@lru_cache(maxsize=8192)
def _day_text(day: int) -> str:
    return iso_day(day)


def _activity_day(user: User, workload: str, refresh: int) -> str | None:
    day = user.activity.get(workload)
    return None if day is None or day > refresh else _day_text(day)


def product_name(sku_id: str) -> str:
    """The product as the report prints it: its display name in upper case; empty for an unknown SKU."""
    product = PRODUCTS_BY_SKU.get(sku_id)
    return "" if product is None else product.name.upper()


def _as_reported(user: User) -> str:
    """The report stores names of its own: for one in twenty the case differs from the directory's.

    Which ones follows from the object id, so that it stays so from day to day.
    """
    if int(user.id[:2], 16) % 20:
        return user.user_principal_name
    local_part, _, domain = user.user_principal_name.rpartition("@")
    return f"{local_part.title()}@{domain.title()}"
