"""Teams activity: messages, calls and meetings of each user (graph-facts 2.3)."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, report_columns
from stocktake.catalog.usage import (
    DELETED,
    LAST_ACTIVITY,
    PERIOD,
    PRINCIPAL,
    PRODUCTS,
    REFRESHED,
    REPORT_DATASETS,
    TEAMS_PLANS,
)

_MEETINGS = (
    "Meetings",
    "Ad Hoc Meetings",
    "Scheduled One-time Meetings",
    "Scheduled Recurring Meetings",
)
_PARTS = ("Organized", "Attended")
_TIMED = ("Audio", "Video", "Screen Share")

TEAMS_ACTIVITY = Report(
    name="teams_activity",
    function="getTeamsUserActivityUserDetail",
    period=180,
    meaning="Messages, calls and meetings of each user in Teams.",
    columns=(
        REFRESHED,
        *report_columns(Kind.TEXT, "Tenant Display Name", "Shared Channel Tenant Display Names", "User Id"),
        PRINCIPAL,
        LAST_ACTIVITY,
        *DELETED,
        PRODUCTS,
        *report_columns(Kind.INTEGER, "Team Chat Message Count", "Private Chat Message Count"),
        *report_columns(Kind.INTEGER, "Call Count", "Meeting Count"),
        *report_columns(Kind.INTEGER, "Post Messages", "Reply Messages", "Urgent Messages"),
        *report_columns(Kind.INTEGER, *(f"{meetings} {part} Count" for meetings in _MEETINGS for part in _PARTS)),
        *report_columns(Kind.TEXT, *(f"{what} Duration" for what in _TIMED)),
        *report_columns(Kind.INTEGER, *(f"{what} Duration In Seconds" for what in _TIMED)),
        *report_columns(Kind.BOOLEAN, "Has Other Action", "Is Licensed"),
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    holders=TEAMS_PLANS,
)
