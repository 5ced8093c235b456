"""Microsoft 365 Copilot: when each holder of a licence last used it, and in which app (graph-facts 2.4).

Version v1, which has a documented file; v1.0 answers it at 200, older and beta answers are JSON or 302.
"""

from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Report, report_columns
from stocktake.catalog.usage import COPILOT_PLANS, DISPLAY, LAST_ACTIVITY, PERIOD, PRINCIPAL, REFRESHED, REPORT_DATASETS

_PLACES = (
    "Copilot Chat",
    "Microsoft Teams Copilot",
    "Word Copilot",
    "Excel Copilot",
    "PowerPoint Copilot",
    "Outlook Copilot",
    "OneNote Copilot",
    "Loop Copilot",
)

COPILOT = Report(
    name="copilot",
    function="getMicrosoft365CopilotUsageUserDetail",
    period=180,
    meaning="Last use of Copilot by each holder of a licence, by app.",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        LAST_ACTIVITY,
        *report_columns(Kind.DAY, *(f"{place} Last Activity Date" for place in _PLACES)),
        PERIOD,
    ),
    datasets=REPORT_DATASETS,
    root="/copilot/reports",
    holders=COPILOT_PLANS,
)
