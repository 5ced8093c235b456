"""OneDrive accounts with their sizes (graph-facts 2.3). Real files have a Site Id, which no page lists."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn, report_columns
from stocktake.catalog.usage import IS_DELETED, LAST_ACTIVITY, PERIOD, REFRESHED, REPORT_DATASETS

ONEDRIVE_USAGE = Report(
    name="onedrive_usage",
    function="getOneDriveUsageAccountDetail",
    period=180,
    meaning="Size and last activity of each OneDrive account.",
    columns=(
        REFRESHED,
        ReportColumn("Site Id", Kind.TEXT, seen=True),
        *report_columns(Kind.TEXT, "Site URL", "Owner Display Name"),
        IS_DELETED,
        LAST_ACTIVITY,
        *report_columns(Kind.INTEGER, "File Count", "Active File Count"),
        *report_columns(Kind.INTEGER, "Storage Used (Byte)", "Storage Allocated (Byte)"),
        ReportColumn("Owner Principal Name", Kind.TEXT),
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    names="Owner Principal Name",
    apart="Site Id",
)
