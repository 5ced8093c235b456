"""OneDrive activity: files that each user viewed, synced and shared (graph-facts 2.3)."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, report_columns
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

ONEDRIVE_ACTIVITY = Report(
    name="onedrive_activity",
    function="getOneDriveActivityUserDetail",
    period=180,
    meaning="OneDrive files that each user viewed, synced and shared.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        *DELETED,
        LAST_ACTIVITY,
        *report_columns(Kind.INTEGER, "Viewed Or Edited File Count", "Synced File Count"),
        *report_columns(Kind.INTEGER, "Shared Internally File Count", "Shared Externally File Count"),
        PRODUCTS,
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    holders=FILE_PLANS,
)
