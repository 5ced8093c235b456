"""E-mail apps: with which programs each user reads mail (graph-facts 2.3).

Under each program stand its versions, as the documented JSON prints them, "Undetermined" for one that tells none; an
empty list where it was not used.
"""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, report_columns
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

_APPS = (
    "Mail For Mac",
    "Outlook For Mac",
    "Outlook For Windows",
    "Outlook For Mobile",
    "Other For Mobile",
    "Outlook For Web",
    "POP3 App",
    "IMAP4 App",
    "SMTP App",
)

EMAIL_APPS = Report(
    name="email_apps",
    function="getEmailAppUsageUserDetail",
    period=180,
    meaning="Programs with which each user reads e-mail.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        *DELETED,
        LAST_ACTIVITY,
        *report_columns(Kind.LIST, *_APPS),
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    holders=MAIL_PLANS,
)
