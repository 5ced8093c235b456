"""getOffice365ActiveUserDetail: which workloads each licensed user has, and when each was last used.

Columns: the v1.0 page (graph-facts 2.3): no Report Period. The last activity dates are not cut at the period: the
documentation doesn't say that they are.
"""

from collections.abc import Iterator
from typing import NamedTuple

from m365sim.activity import DAY as DAY_SECONDS
from m365sim.activity import WORKLOADS, iso_day, product_names, reported_name, workloads_of
from m365sim.reports.people import Person, people
from m365sim.reports.report import DAY as DATE
from m365sim.reports.report import DELETED, DISPLAY, FLAG, PRINCIPAL, PRODUCTS, REFRESHED, Report, Row, columns
from m365sim.reports.spells import spell_of
from m365sim.reports.window import Window, last_days
from m365sim.tenant import Tenant

_NAMES = ("Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams")


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


def active_user_rows(tenant: Tenant, now: float, period: int = 180) -> Iterator[ActiveUserRow]:
    """Everybody who has, or by their activity had, a licence of a workload; the deleted ones last.

    `period` is in days and decides only how far back deleted users are shown.
    """
    return _active_users(tenant, last_days(now, period))


def _active_users(tenant: Tenant, window: Window) -> Iterator[ActiveUserRow]:
    for person in people(tenant, window):
        since = workloads_of(person.held)
        if since or person.user.activity:
            yield _row(person, since, window)


def _row(person: Person, since: dict[str, int], window: Window) -> ActiveUserRow:
    return ActiveUserRow(
        refreshed_on=window.refreshed_on,
        user_principal_name=reported_name(person.user),
        display_name=person.user.display_name,
        is_deleted=person.is_deleted,
        deleted_on=person.deleted_on,
        licensed=tuple(workload in since for workload in WORKLOADS),
        last_activity_on=tuple(_last_on(person, workload, window) for workload in WORKLOADS),
        licence_assigned_on=tuple(
            iso_day(since[workload] // DAY_SECONDS) if workload in since else None for workload in WORKLOADS
        ),
        assigned_products=product_names(person.held),
    )


def _last_on(person: Person, workload: str, window: Window) -> str | None:
    day = person.user.activity.get(workload)
    if day is not None and window.single:
        seen = spell_of(person.user, workload, window)
        day = None if seen is None else seen.last_on
    return None if day is None or day > window.last else iso_day(day)


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for row in _active_users(tenant, window):
        yield (*row[:5], *row.licensed, *row.last_activity_on, *row.licence_assigned_on, row.assigned_products)


ACTIVE_USERS = Report(
    function="getOffice365ActiveUserDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        *DELETED,
        *columns(*(f"Has {name} License" for name in _NAMES), kind=FLAG),
        *columns(*(f"{name} Last Activity Date" for name in _NAMES), kind=DATE),
        *columns(*(f"{name} License Assign Date" for name in _NAMES), kind=DATE),
        PRODUCTS,
    ),
    rows=_rows,
)
