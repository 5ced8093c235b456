"""The datasets that usage reports fill: a row per (report, period, user), site or group, and one per file."""

from typing import Annotated, NamedTuple

from stocktake.catalog.columns import Day, Kind, Means, ObjectId
from stocktake.catalog.declaration import Dataset, ReportColumn


class Usage(NamedTuple):
    report: Annotated[str, Means("Microsoft's name of the report function.")]
    period: Annotated[int, Means("Days that the report covers; 0 in the store for reports without a period.")]
    subject: Annotated[str, Means("The report's own row: the case-folded name, marked when deleted.")]
    user_id: Annotated[ObjectId | None, Means("The user; null where the name can't be matched with certainty.")]
    user_principal_name: Annotated[str | None, Means("The name as the report prints it.")]
    last_activity_on: Annotated[Day | None, Means("Latest activity that the report names.")]
    metrics: Annotated[dict[str, object], Means("Every other column of the report, by its name in snake_case.")]


class SiteUsage(NamedTuple):
    report: Annotated[str, Means("Microsoft's name of the report function.")]
    period: Annotated[int, Means("Days that the report covers.")]
    site_id: Annotated[str, Means("The site; its address has been blank in the report since 2023.")]
    last_activity_on: Annotated[Day | None, Means("Latest activity that the report names.")]
    metrics: Annotated[dict[str, object], Means("Every other column of the report, by its name in snake_case.")]


class GroupUsage(NamedTuple):
    report: Annotated[str, Means("Microsoft's name of the report function.")]
    period: Annotated[int, Means("Days that the report covers.")]
    group_id: Annotated[ObjectId, Means("The group, which may be a deleted one.")]
    last_activity_on: Annotated[Day | None, Means("Latest activity that the report names.")]
    metrics: Annotated[dict[str, object], Means("Every other column of the report, by its name in snake_case.")]


class ReportFile(NamedTuple):
    report: Annotated[str, Means("Microsoft's name of the report function.")]
    period: Annotated[int, Means("Days that the report covers; 0 for reports without a period.")]
    refreshed_on: Annotated[Day | None, Means("The last day that the report covers.")]
    concealed: Annotated[bool, Means("True: Microsoft printed codes in place of names.")]
    unknown_columns: Annotated[tuple[str, ...], Means("Columns that nobody documented; their cells are kept as text.")]
    missing_columns: Annotated[tuple[str, ...], Means("Documented columns that the file did not have.")]


USAGE = Dataset("usage", record=Usage, key=("report", "period", "subject"))
SITE_USAGE = Dataset("site_usage", record=SiteUsage, key=("report", "period", "site_id"))
GROUP_USAGE = Dataset("group_usage", record=GroupUsage, key=("report", "period", "group_id"))
REPORT_FILES = Dataset("report_files", record=ReportFile, key=("report", "period"))
REPORT_DATASETS = (USAGE, REPORT_FILES)

# Columns that reports share (graph-facts 2.1).
REFRESHED = ReportColumn("Report Refresh Date", Kind.DAY)
PRINCIPAL = ReportColumn("User Principal Name", Kind.TEXT)
DISPLAY = ReportColumn("Display Name", Kind.TEXT)
IS_DELETED = ReportColumn("Is Deleted", Kind.BOOLEAN)
DELETED = (IS_DELETED, ReportColumn("Deleted Date", Kind.DAY))
LAST_ACTIVITY = ReportColumn("Last Activity Date", Kind.DAY)
PRODUCTS = ReportColumn("Assigned Products", Kind.LIST)
PERIOD = ReportColumn("Report Period", Kind.INTEGER)

# Service plans by the beginnings of their names. EXCHANGE_S_FOUNDATION, which gives no mailbox, is none of them.
MAIL_PLANS = ("EXCHANGE_S_ENTERPRISE", "EXCHANGE_S_STANDARD", "EXCHANGE_S_DESKLESS", "EXCHANGE_B_STANDARD")
FILE_PLANS = ("SHAREPOINTENTERPRISE", "SHAREPOINTSTANDARD", "SHAREPOINTDESKLESS")
OFFICE_PLANS = ("OFFICESUBSCRIPTION", "OFFICE_BUSINESS")
TEAMS_PLANS = ("TEAMS1", "TEAMS_GOV")
COPILOT_PLANS = ("M365_COPILOT_APPS", "M365_COPILOT_BUSINESS_CHAT", "M365_COPILOT_TEAMS")
