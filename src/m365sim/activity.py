"""What licences let somebody do, and how the usage reports name products, people and days.

Sources: downloads seen by others (graph-facts 2.1, 2.2: lag of 48 hours, upper-case products joined by +, concealed
names of 32 upper-case hex characters).
"""

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from m365sim.company.products import PRODUCTS_BY_SKU
from m365sim.tenant import Assignment, User

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

# The same for what has reports of its own: programs that are activated on a device (by the product type that the
# activation report prints), and Copilot.
EXTRA_PLANS: dict[str, frozenset[str]] = {
    "MICROSOFT 365 APPS FOR ENTERPRISE": frozenset({"OFFICESUBSCRIPTION"}),
    "MICROSOFT 365 APPS FOR BUSINESS": frozenset({"OFFICE_BUSINESS"}),
    "PROJECT CLIENT": frozenset({"PROJECT_CLIENT_SUBSCRIPTION"}),
    "VISIO CLIENT": frozenset({"VISIO_CLIENT_SUBSCRIPTION"}),
    "copilot": frozenset({"M365_COPILOT_APPS", "M365_COPILOT_TEAMS", "M365_COPILOT_BUSINESS_CHAT"}),
}


def refresh_date(now: float) -> str:
    """The last day that the reports cover, YYYY-MM-DD."""
    return iso_day(refresh_day(now))


def refresh_day(now: float) -> int:
    """The last day that the reports cover, as an epoch day."""
    return int(now) // DAY - LAG_DAYS


@lru_cache(maxsize=8192)
def iso_day(day: int) -> str:
    """An epoch day as YYYY-MM-DD."""
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).strftime("%Y-%m-%d")


def concealed(name: str) -> str:
    """What the report prints for a name when adminReportSettings.displayConcealedNames is true; the same each time."""
    return hashlib.sha256(name.encode()).hexdigest()[:32].upper()


def workloads_of(assignments: tuple[Assignment, ...]) -> dict[str, int]:
    """The workloads that these assignments license, each with the epoch second of the earliest way that does."""
    since: dict[str, int] = {}
    for way in assignments:
        if way.state == "Error":
            continue
        for workload in _workloads(way.sku_id, way.disabled_plans):
            since[workload] = min(since.get(workload, way.updated_at), way.updated_at)
    return since


def extras_of(assignments: tuple[Assignment, ...]) -> dict[str, int]:
    """Of `EXTRA_PLANS` what these assignments license, as `workloads_of` tells it."""
    since: dict[str, int] = {}
    for way in assignments:
        if way.state == "Error":
            continue
        for extra in _extras(way.sku_id, way.disabled_plans):
            since[extra] = min(since.get(extra, way.updated_at), way.updated_at)
    return since


@lru_cache(maxsize=4096)
def _workloads(sku_id: str, disabled_plans: tuple[str, ...]) -> tuple[str, ...]:
    names = _plan_names(sku_id, disabled_plans)
    return tuple(workload for workload, plans in WORKLOAD_PLANS.items() if names & plans)


@lru_cache(maxsize=4096)
def _extras(sku_id: str, disabled_plans: tuple[str, ...]) -> tuple[str, ...]:
    names = _plan_names(sku_id, disabled_plans)
    return tuple(extra for extra, plans in EXTRA_PLANS.items() if names & plans)


def _plan_names(sku_id: str, disabled_plans: tuple[str, ...]) -> set[str]:
    product = PRODUCTS_BY_SKU.get(sku_id)
    return set() if product is None else {plan.name for plan in product.plans if plan.id not in disabled_plans}


@lru_cache(maxsize=1024)
def product_name(sku_id: str) -> str:
    """The product as the report prints it: its display name in upper case; empty for an unknown SKU."""
    product = PRODUCTS_BY_SKU.get(sku_id)
    return "" if product is None else product.name.upper()


def product_names(assignments: tuple[Assignment, ...]) -> tuple[str, ...]:
    """Assigned Products: each once, in alphabetical order; what failed to be assigned is not there."""
    return tuple(sorted({product_name(way.sku_id) for way in assignments if way.state != "Error"} - {""}))


def reported_name(user: User) -> str:
    """The report stores principal names of its own: for one in twenty the case differs from the directory's.

    Which ones follows from the object id, so that it stays so from day to day.
    """
    if int(user.id[:2], 16) % 20:
        return user.user_principal_name
    local_part, _, domain = user.user_principal_name.rpartition("@")
    return f"{local_part.title()}@{domain.title()}"
