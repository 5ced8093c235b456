"""Microsoft 365 Apps: which apps each user used on which platforms (graph-facts 2.3; printed as Yes and No or True and
False, which no page says).
"""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn, report_columns
from stocktake.catalog.usage import LAST_ACTIVITY, OFFICE_PLANS, PERIOD, PRINCIPAL, REFRESHED, REPORT_DATASETS

_PLATFORMS = ("Windows", "Mac", "Mobile", "Web")
_APPS = ("Outlook", "Word", "Excel", "PowerPoint", "OneNote", "Teams")

M365_APPS = Report(
    name="m365_apps",
    function="getM365AppUserDetail",
    period=180,
    meaning="Which Microsoft 365 apps each user used, and on which platforms.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        ReportColumn("Last Activation Date", Kind.DAY),
        LAST_ACTIVITY,
        PERIOD,
        *report_columns(Kind.BOOLEAN, *_PLATFORMS, *_APPS),
        *report_columns(Kind.BOOLEAN, *(f"{app} ({platform})" for platform in _PLATFORMS for app in _APPS)),
    ),
    datasets=REPORT_DATASETS,
    holders=OFFICE_PLANS,
)
