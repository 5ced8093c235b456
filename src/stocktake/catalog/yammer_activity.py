"""Yammer (Viva Engage) activity: what each user posted, read and liked (graph-facts 2.3).

No plan says who is listed: every E3 brings Yammer, and many tenants never opened a network.
"""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn, report_columns
from stocktake.catalog.usage import DISPLAY, LAST_ACTIVITY, PERIOD, PRINCIPAL, PRODUCTS, REFRESHED, REPORT_DATASETS

YAMMER_ACTIVITY = Report(
    name="yammer_activity",
    function="getYammerActivityUserDetail",
    period=180,
    meaning="What each user posted, read and liked in Yammer.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        ReportColumn("User State", Kind.TEXT),
        ReportColumn("State Change Date", Kind.DAY),
        LAST_ACTIVITY,
        *report_columns(Kind.INTEGER, "Posted Count", "Read Count", "Liked Count"),
        PRODUCTS,
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
)
