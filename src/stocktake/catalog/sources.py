"""Every source, in the order in which the ledger shows them. To add one: docs/howto/add-a-source.md."""

from stocktake.catalog.active_users import ACTIVE_USERS
from stocktake.catalog.declaration import Dataset, Source
from stocktake.catalog.domains import DOMAINS
from stocktake.catalog.groups import GROUPS
from stocktake.catalog.memberships import MEMBERSHIPS
from stocktake.catalog.organization import ORGANIZATION
from stocktake.catalog.report_settings import REPORT_SETTINGS
from stocktake.catalog.sign_ins import SIGN_INS
from stocktake.catalog.subscribed_skus import SUBSCRIBED_SKUS
from stocktake.catalog.terms import TERMS
from stocktake.catalog.users import USERS

SOURCES: tuple[Source, ...] = (
    ORGANIZATION,
    DOMAINS,
    SUBSCRIBED_SKUS,
    TERMS,
    USERS,
    SIGN_INS,
    GROUPS,
    MEMBERSHIPS,
    REPORT_SETTINGS,
    ACTIVE_USERS,
)


def datasets() -> tuple[Dataset, ...]:
    """Each dataset once, in the order of the sources that fill them."""
    found: dict[str, Dataset] = {}
    for source in SOURCES:
        for dataset in source.datasets:
            found.setdefault(dataset.name, dataset)
    return tuple(found.values())
