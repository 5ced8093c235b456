"""Mailboxes with their sizes and quotas, those of teams and rooms among them (graph-facts 2.3).

Recipient Type (User, Shared, ...) stands in beta files since 2022 and in v1.0 files of 2026, on no v1.0 page: where it
is there, it tells what a mailbox is for without a request for each user.
"""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, ReportColumn, report_columns
from stocktake.catalog.usage import (
    DELETED,
    DISPLAY,
    LAST_ACTIVITY,
    MAIL_PLANS,
    PERIOD,
    PRINCIPAL,
    REFRESHED,
    REPORT_DATASETS,
)

MAILBOX_USAGE = Report(
    name="mailbox_usage",
    function="getMailboxUsageDetail",
    period=180,
    meaning="Size, quota and last activity of each mailbox.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        *DELETED,
        ReportColumn("Created Date", Kind.DAY),
        LAST_ACTIVITY,
        *report_columns(
            Kind.INTEGER,
            "Item Count",
            "Storage Used (Byte)",
            "Issue Warning Quota (Byte)",
            "Prohibit Send Quota (Byte)",
            "Prohibit Send/Receive Quota (Byte)",
            "Deleted Item Count",
            "Deleted Item Size (Byte)",
            "Deleted Item Quota (Byte)",
        ),
        ReportColumn("Has Archive", Kind.BOOLEAN),
        ReportColumn("Recipient Type", Kind.TEXT, seen=True),
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    holders=MAIL_PLANS,
)
