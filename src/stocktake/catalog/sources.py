"""Every source, in the order in which the ledger shows them. To add one: docs/howto/add-a-source.md."""

from stocktake.catalog.activations import ACTIVATIONS
from stocktake.catalog.active_users import ACTIVE_USERS
from stocktake.catalog.copilot import COPILOT
from stocktake.catalog.declaration import Dataset, Source
from stocktake.catalog.deleted_users import DELETED_USERS
from stocktake.catalog.directory_roles import DIRECTORY_ROLES, ROLE_MEMBERS
from stocktake.catalog.domains import DOMAINS
from stocktake.catalog.email_activity import EMAIL_ACTIVITY
from stocktake.catalog.email_apps import EMAIL_APPS
from stocktake.catalog.groups import GROUPS
from stocktake.catalog.groups_activity import GROUPS_ACTIVITY
from stocktake.catalog.m365_apps import M365_APPS
from stocktake.catalog.mailbox_usage import MAILBOX_USAGE
from stocktake.catalog.memberships import MEMBERSHIPS
from stocktake.catalog.onedrive_activity import ONEDRIVE_ACTIVITY
from stocktake.catalog.onedrive_usage import ONEDRIVE_USAGE
from stocktake.catalog.organization import ORGANIZATION
from stocktake.catalog.report_settings import REPORT_SETTINGS
from stocktake.catalog.service_principals import SERVICE_PRINCIPALS
from stocktake.catalog.sharepoint_activity import SHAREPOINT_ACTIVITY
from stocktake.catalog.sharepoint_site_usage import SHAREPOINT_SITE_USAGE
from stocktake.catalog.sign_ins import SIGN_INS
from stocktake.catalog.subscribed_skus import SUBSCRIBED_SKUS
from stocktake.catalog.teams_activity import TEAMS_ACTIVITY
from stocktake.catalog.teams_devices import TEAMS_DEVICES
from stocktake.catalog.terms import TERMS
from stocktake.catalog.users import USERS
from stocktake.catalog.yammer_activity import YAMMER_ACTIVITY

SOURCES: tuple[Source, ...] = (
    ORGANIZATION,
    DOMAINS,
    SUBSCRIBED_SKUS,
    TERMS,
    USERS,
    DELETED_USERS,
    SIGN_INS,
    GROUPS,
    MEMBERSHIPS,
    DIRECTORY_ROLES,
    ROLE_MEMBERS,
    SERVICE_PRINCIPALS,
    REPORT_SETTINGS,
    ACTIVE_USERS,
    ACTIVATIONS,
    M365_APPS,
    EMAIL_ACTIVITY,
    EMAIL_APPS,
    MAILBOX_USAGE,
    ONEDRIVE_ACTIVITY,
    ONEDRIVE_USAGE,
    SHAREPOINT_ACTIVITY,
    SHAREPOINT_SITE_USAGE,
    TEAMS_ACTIVITY,
    TEAMS_DEVICES,
    YAMMER_ACTIVITY,
    GROUPS_ACTIVITY,
    COPILOT,
)


def datasets() -> tuple[Dataset, ...]:
    """Each dataset once, in the order of the sources that fill them."""
    found: dict[str, Dataset] = {}
    for source in SOURCES:
        for dataset in source.datasets:
            found.setdefault(dataset.name, dataset)
    return tuple(found.values())
