"""SharePoint sites with their sizes (graph-facts 2.3). The last columns before the period are those of beta files."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn, report_columns
from stocktake.catalog.usage import FILE_PLANS, IS_DELETED, LAST_ACTIVITY, PERIOD, REFRESHED, REPORT_FILES, SITE_USAGE

SHAREPOINT_SITE_USAGE = Report(
    name="sharepoint_site_usage",
    function="getSharePointSiteUsageDetail",
    period=180,
    meaning="Size and last activity of each SharePoint site.",
    columns=(
        REFRESHED,
        *report_columns(Kind.TEXT, "Site Id", "Site URL", "Owner Display Name"),
        IS_DELETED,
        LAST_ACTIVITY,
        *report_columns(Kind.INTEGER, "File Count", "Active File Count", "Page View Count", "Visited Page Count"),
        *report_columns(Kind.INTEGER, "Storage Used (Byte)", "Storage Allocated (Byte)"),
        *report_columns(Kind.TEXT, "Root Web Template", "Owner Principal Name"),
        *report_columns(Kind.TEXT, "Site Sensitivity Label Id", "External Sharing", "Geo Location", seen=True),
        ReportColumn("Unmanaged Device Policy", Kind.TEXT, seen=True),
        *report_columns(Kind.INTEGER, "Anonymous Link Count", "Company Link Count", seen=True),
        *report_columns(Kind.INTEGER, "Secure Link For Guest Count", "Secure Link For Member Count", seen=True),
        PERIOD,
    ),
    datasets=(SITE_USAGE, REPORT_FILES),
    names="Owner Display Name",
    key="Site Id",
    holders=FILE_PLANS,
)
