"""getMailboxUsageDetail: every mailbox with its size and quota, those of teams and rooms included.

Columns: those of a real file (Elastic's o365_metrics, 2025-01) and Recipient Type before Report Period (tests of other
programs, 2026; graph-facts 2.3). User and Shared are the values that were seen there; Room is our reading of the third.
The state is that of the last day: the period decides alone how long a deleted mailbox is shown.
"""

from collections.abc import Iterator
from functools import lru_cache

from m365sim.activity import DAY as DAY_SECONDS
from m365sim.activity import iso_day, reported_name, workloads_of
from m365sim.company.products import PRODUCTS_BY_SKU
from m365sim.reports.people import Person, people
from m365sim.reports.report import (
    COUNT,
    DAY,
    DELETED,
    DISPLAY,
    FLAG,
    LAST_ACTIVITY,
    PERIOD,
    PRINCIPAL,
    REFRESHED,
    Cell,
    Column,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import draw, spell_of
from m365sim.reports.window import Window
from m365sim.tenant import Tenant

_GIB = 1024**3
_RECIPIENT_TYPES = {"shared": "Shared", "room": "Room"}
# Warning, no more sending, no more receiving. Exchange's sizes: 100 GB for the larger plans, 50 GB, 2 GB for Kiosk.
_LARGE = (98 * _GIB, 99 * _GIB, 100 * _GIB)
_STANDARD = (49 * _GIB, 49 * _GIB + _GIB // 2, 50 * _GIB)
_KIOSK = (2 * _GIB - _GIB // 16, 2 * _GIB - _GIB // 32, 2 * _GIB)
_DELETED_ITEM_QUOTA = 30 * _GIB


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person in people(tenant, window):
        user = person.user
        known = "exchange" in user.activity or "exchange" in workloads_of(person.held)
        if known or user.kind in _RECIPIENT_TYPES:
            seen = spell_of(user, "exchange", window)
            yield (
                window.refreshed_on,
                reported_name(user),
                user.display_name,
                person.is_deleted,
                person.deleted_on,
                iso_day(user.created_at // DAY_SECONDS),
                None if seen is None else iso_day(seen.last_on),
                *_sizes(person, 0 if seen is None else seen.so_far),
                _RECIPIENT_TYPES.get(user.kind, "User"),
                window.period,
            )


def _sizes(person: Person, active_days: int) -> tuple[Cell, ...]:
    """Items, bytes, three quotas, deleted items with bytes and quota, archive."""
    chance = draw(person.user.id, "mailbox")
    plans = _plans(person)
    large = "EXCHANGE_S_ENTERPRISE" in plans
    kiosk = "EXCHANGE_S_DESKLESS" in plans and not large and "EXCHANGE_S_STANDARD" not in plans
    warning, sending, receiving = _LARGE if large else _KIOSK if kiosk else _STANDARD
    items = 20 + chance % 300 + active_days * (chance >> 16 & 0x1F)
    deleted = 3 + (chance >> 24) % 200 + active_days * (chance >> 32 & 0x3)
    size = min(items * (9_000 + (chance >> 40) % 90_000), receiving - 1)
    return (
        items,
        size,
        warning,
        sending,
        receiving,
        deleted,
        deleted * (4_000 + (chance >> 56) % 40_000),
        _DELETED_ITEM_QUOTA,
        large and chance >> 72 & 3 == 0,
    )


def _plans(person: Person) -> set[str]:
    return {plan for way in person.held if way.state != "Error" for plan in _exchange_plans(way.sku_id)}


@lru_cache(maxsize=256)
def _exchange_plans(sku_id: str) -> tuple[str, ...]:
    product = PRODUCTS_BY_SKU.get(sku_id)
    return () if product is None else tuple(plan.name for plan in product.plans if plan.name.startswith("EXCHANGE"))


MAILBOXES = Report(
    function="getMailboxUsageDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        *DELETED,
        Column("Created Date", DAY),
        LAST_ACTIVITY,
        *columns(
            "Item Count",
            "Storage Used (Byte)",
            "Issue Warning Quota (Byte)",
            "Prohibit Send Quota (Byte)",
            "Prohibit Send/Receive Quota (Byte)",
            "Deleted Item Count",
            "Deleted Item Size (Byte)",
            "Deleted Item Quota (Byte)",
            kind=COUNT,
        ),
        Column("Has Archive", FLAG),
        Column("Recipient Type"),
        PERIOD,
    ),
    rows=_rows,
    days_back=None,
)
