"""E-mail activity: what each user sent, received and read, and the meetings (graph-facts 2.3)."""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, report_columns
from stocktake.catalog.usage import (
    DELETED,
    DISPLAY,
    LAST_ACTIVITY,
    MAIL_PLANS,
    PERIOD,
    PRINCIPAL,
    PRODUCTS,
    REFRESHED,
    REPORT_DATASETS,
)

EMAIL_ACTIVITY = Report(
    name="email_activity",
    function="getEmailActivityUserDetail",
    period=180,
    meaning="E-mail that each user sent, received and read.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        *DELETED,
        LAST_ACTIVITY,
        *report_columns(Kind.INTEGER, "Send Count", "Receive Count", "Read Count"),
        *report_columns(Kind.INTEGER, "Meeting Created Count", "Meeting Interacted Count"),
        PRODUCTS,
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    holders=MAIL_PLANS,
)
