"""Office 365 active users: which workloads each licensed user has, and when each was last used (graph-facts 2.3)."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import ANY_LICENCE, Report, report_columns
from stocktake.catalog.usage import DELETED, DISPLAY, PRINCIPAL, PRODUCTS, REFRESHED, REPORT_DATASETS

_WORKLOADS = ("Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams")

ACTIVE_USERS = Report(
    name="active_users",
    function="getOffice365ActiveUserDetail",
    period=180,
    meaning="Last activity of each licensed user in each workload.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        *DELETED,
        *report_columns(Kind.BOOLEAN, *(f"Has {workload} License" for workload in _WORKLOADS)),
        *report_columns(Kind.DAY, *(f"{workload} Last Activity Date" for workload in _WORKLOADS)),
        *report_columns(Kind.DAY, *(f"{workload} License Assign Date" for workload in _WORKLOADS)),
        PRODUCTS,
    ),
    holders=ANY_LICENCE,
    datasets=REPORT_DATASETS,
)
