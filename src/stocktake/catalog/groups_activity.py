"""Microsoft 365 groups with their members, mail, files and posts (graph-facts 2.3).

Guest Count is how the v1.0 page's example still calls External Member Count.
"""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn, report_columns
from stocktake.catalog.usage import GROUP_USAGE, IS_DELETED, LAST_ACTIVITY, PERIOD, REFRESHED, REPORT_FILES

GROUPS_ACTIVITY = Report(
    name="groups_activity",
    function="getOffice365GroupsActivityDetail",
    period=180,
    meaning="Members, mail, files and posts of each Microsoft 365 group.",
    columns=(
        REFRESHED,
        ReportColumn("Group Display Name", Kind.TEXT),
        IS_DELETED,
        ReportColumn("Owner Principal Name", Kind.TEXT),
        LAST_ACTIVITY,
        ReportColumn("Group Type", Kind.TEXT),
        ReportColumn("Member Count", Kind.INTEGER),
        ReportColumn("External Member Count", Kind.INTEGER, formerly="Guest Count"),
        *report_columns(Kind.INTEGER, "Exchange Received Email Count", "SharePoint Active File Count"),
        *report_columns(Kind.INTEGER, *(f"Yammer {done} Message Count" for done in ("Posted", "Read", "Liked"))),
        *report_columns(Kind.INTEGER, "Exchange Mailbox Total Item Count", "Exchange Mailbox Storage Used (Byte)"),
        *report_columns(Kind.INTEGER, "SharePoint Total File Count", "SharePoint Site Storage Used (Byte)"),
        ReportColumn("Group Id", Kind.TEXT),
        PERIOD,
    ),
    datasets=(GROUP_USAGE, REPORT_FILES),
    names="Group Display Name",
    key="Group Id",
)
