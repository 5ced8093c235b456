"""Office 365 active users: which workloads each licensed user has, and when each was last used (graph-facts 2.3)."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn
from stocktake.catalog.usage import REPORT_DATASETS

_WORKLOADS = ("Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams")

ACTIVE_USERS = Report(
    name="active_users",
    function="getOffice365ActiveUserDetail",
    period=180,
    meaning="Last activity of each licensed user in each workload.",
    columns=(
        ReportColumn("Report Refresh Date", Kind.DAY),
        ReportColumn("User Principal Name", Kind.TEXT),
        ReportColumn("Display Name", Kind.TEXT),
        ReportColumn("Is Deleted", Kind.BOOLEAN),
        ReportColumn("Deleted Date", Kind.DAY),
        *(ReportColumn(f"Has {workload} License", Kind.BOOLEAN) for workload in _WORKLOADS),
        *(ReportColumn(f"{workload} Last Activity Date", Kind.DAY) for workload in _WORKLOADS),
        *(ReportColumn(f"{workload} License Assign Date", Kind.DAY) for workload in _WORKLOADS),
        ReportColumn("Assigned Products", Kind.LIST),
    ),
    datasets=REPORT_DATASETS,
)
