"""Teams devices: on which devices each user used Teams (graph-facts 2.3)."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn, report_columns
from stocktake.catalog.usage import DELETED, LAST_ACTIVITY, PERIOD, PRINCIPAL, REFRESHED, REPORT_DATASETS, TEAMS_PLANS

_DEVICES = ("Web", "Windows Phone", "iOS", "Mac", "Android Phone", "Windows", "Chrome OS", "Linux")

TEAMS_DEVICES = Report(
    name="teams_devices",
    function="getTeamsDeviceUsageUserDetail",
    period=180,
    meaning="Devices on which each user used Teams.",
    columns=(
        REFRESHED,
        ReportColumn("User Id", Kind.TEXT),
        PRINCIPAL,
        LAST_ACTIVITY,
        *DELETED,
        *report_columns(Kind.BOOLEAN, *(f"Used {device}" for device in _DEVICES)),
        ReportColumn("Is Licensed", Kind.BOOLEAN),
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    holders=TEAMS_PLANS,
)
