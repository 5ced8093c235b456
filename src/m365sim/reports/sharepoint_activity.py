"""getSharePointActivityUserDetail: what each licence holder did with the files and pages of sites.

Columns: the v1.0 page (graph-facts 2.3), those of OneDrive and one more.
"""

from collections.abc import Iterator

from m365sim.reports.onedrive_activity import FILE_COUNTS, file_rows
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
from m365sim.reports.window import Window
from m365sim.tenant import Tenant

# Least and most sixteenths per day of activity; the last, pages, is what makes it a day of activity.
_RATES = ((0, 90), (0, 60), (0, 8), (0, 2), (16, 120))


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    return file_rows(tenant, window, "sharepoint", _RATES)


SHAREPOINT_ACTIVITY = Report(
    function="getSharePointActivityUserDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        *DELETED,
        LAST_ACTIVITY,
        *columns(*FILE_COUNTS, "Visited Page Count", kind=COUNT),
        PRODUCTS,
        PERIOD,
    ),
    rows=_rows,
)
