"""SharePoint activity: files and pages that each user viewed, synced and shared (graph-facts 2.3)."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn, report_columns
from stocktake.catalog.usage import (
    DELETED,
    FILE_PLANS,
    LAST_ACTIVITY,
    PERIOD,
    PRINCIPAL,
    PRODUCTS,
    REFRESHED,
    REPORT_DATASETS,
)

SHAREPOINT_ACTIVITY = Report(
    name="sharepoint_activity",
    function="getSharePointActivityUserDetail",
    period=180,
    meaning="SharePoint files and pages that each user viewed, synced and shared.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        *DELETED,
        LAST_ACTIVITY,
        *report_columns(Kind.INTEGER, "Viewed Or Edited File Count", "Synced File Count"),
        *report_columns(Kind.INTEGER, "Shared Internally File Count", "Shared Externally File Count"),
        ReportColumn("Visited Page Count", Kind.INTEGER),
        PRODUCTS,
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    holders=FILE_PLANS,
)
