"""getOneDriveActivityUserDetail: what each licence holder did with the files in OneDrive.

Columns: the v1.0 page (graph-facts 2.3). Counts are blank for whom no activity is known, and 0 where the last one lies
before the period.
"""

from collections.abc import Iterator

from m365sim.activity import iso_day, product_names, reported_name
from m365sim.reports.people import users_of
from m365sim.reports.report import (
    COUNT,
    DELETED,
    LAST_ACTIVITY,
    PERIOD,
    PRINCIPAL,
    PRODUCTS,
    REFRESHED,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import spell_of
from m365sim.reports.window import Window
from m365sim.tenant import Tenant

FILE_COUNTS = (
    "Viewed Or Edited File Count",
    "Synced File Count",
    "Shared Internally File Count",
    "Shared Externally File Count",
)
# Least and most sixteenths per day of activity; the first is what makes it a day of activity.
_RATES = ((16, 160), (0, 400), (0, 12), (0, 3))


def file_rows(tenant: Tenant, window: Window, workload: str, rates: tuple[tuple[int, int], ...]) -> Iterator[Row]:
    """A row for everybody with the workload: a count for each of the rates between the date and the products."""
    for person in users_of(tenant, window, workload):
        seen = spell_of(person.user, workload, window)
        yield (
            window.refreshed_on,
            reported_name(person.user),
            person.is_deleted,
            person.deleted_on,
            None if seen is None else iso_day(seen.last_on),
            *(
                None if seen is None else seen.count(seen.rate(slot, least, most))
                for slot, (least, most) in enumerate(rates)
            ),
            product_names(person.held),
            window.period,
        )


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    return file_rows(tenant, window, "onedrive", _RATES)


ONEDRIVE_ACTIVITY = Report(
    function="getOneDriveActivityUserDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        *DELETED,
        LAST_ACTIVITY,
        *columns(*FILE_COUNTS, kind=COUNT),
        PRODUCTS,
        PERIOD,
    ),
    rows=_rows,
)
