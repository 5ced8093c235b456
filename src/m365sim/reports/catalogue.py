"""Every report, in the order of Microsoft's documentation."""

from m365sim.reports.activations import ACTIVATIONS
from m365sim.reports.active_users import ACTIVE_USERS
from m365sim.reports.app_usage import APP_USAGE
from m365sim.reports.copilot import COPILOT
from m365sim.reports.email_activity import EMAIL_ACTIVITY
from m365sim.reports.email_apps import EMAIL_APPS
from m365sim.reports.groups_activity import GROUPS_ACTIVITY
from m365sim.reports.mailboxes import MAILBOXES
from m365sim.reports.onedrive_accounts import ONEDRIVE_ACCOUNTS
from m365sim.reports.onedrive_activity import ONEDRIVE_ACTIVITY
from m365sim.reports.report import Report
from m365sim.reports.sharepoint_activity import SHAREPOINT_ACTIVITY
from m365sim.reports.sites import SHAREPOINT_SITES
from m365sim.reports.teams_activity import TEAMS_ACTIVITY
from m365sim.reports.teams_devices import TEAMS_DEVICES
from m365sim.reports.yammer_activity import YAMMER_ACTIVITY

# Those of /reports; Copilot's stands under /copilot/reports and has an address of its own kind.
REPORTS: tuple[Report, ...] = (
    ACTIVE_USERS,
    ACTIVATIONS,
    APP_USAGE,
    EMAIL_ACTIVITY,
    EMAIL_APPS,
    MAILBOXES,
    ONEDRIVE_ACTIVITY,
    ONEDRIVE_ACCOUNTS,
    SHAREPOINT_ACTIVITY,
    SHAREPOINT_SITES,
    TEAMS_ACTIVITY,
    TEAMS_DEVICES,
    YAMMER_ACTIVITY,
    GROUPS_ACTIVITY,
)
BY_NAME: dict[str, Report] = {report.function.lower(): report for report in REPORTS}
EVERY: tuple[Report, ...] = (*REPORTS, COPILOT)
