"""getSharePointSiteUsageDetail: the sites of Microsoft 365 groups and a few of the organisation's own.

Columns: the v1.0 page (graph-facts 2.3). Site URL is empty since 2023 (message SP676147), so rows are told apart by
Site Id. A site is as active as the first of its group's members.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from m365sim.activity import DAY, iso_day
from m365sim.reports.report import (
    COUNT,
    FLAG,
    LAST_ACTIVITY,
    NAME,
    PERIOD,
    REFRESHED,
    Cell,
    Column,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import Spell, draw, spell
from m365sim.reports.window import Window
from m365sim.tenant import Group, Tenant, User

_ALLOCATED = 25 * 1024**4  # the default of a site collection: 25 TB
_ASKED_MEMBERS = 12  # members whose activity makes that of a group
_ASKED_STAFF = 40  # the same for the organisation
_OWN_SITES = ("Intranet", "Communication site", "Search Centre", "App Catalog", "Records")


class _Site(NamedTuple):
    owner: str
    address: str | None
    template: str
    deleted: bool = False


def site_id(owner: str) -> str:
    """The id of somebody's or some group's site."""
    return str(UUID(int=draw(owner, "site"), version=4))


def seen_in(group: Group, tenant: Tenant, workload: str, window: Window) -> Spell | None:
    """That kind of work in the group; None if none of its first members has done any."""
    members = map(tenant.users.get, islice(group.members, _ASKED_MEMBERS))
    latest = _latest((user for user in members if user is not None), workload, window)
    born = group.created_at // DAY
    if latest is None:
        return None
    latest -= draw(group.id, "quiet") % 9
    return spell(group.id, workload, (born, latest), window) if latest >= born else None


def _latest(users: Iterable[User], workload: str, window: Window) -> int | None:
    """The last day of anybody's activity, those left out who have only some that the report doesn't cover yet."""
    days = (user.activity[workload] for user in users if workload in user.activity)
    return max((day for day in days if day <= window.covered), default=None)


def microsoft365_groups(tenant: Tenant, window: Window) -> Iterator[tuple[Group, bool]]:
    """The groups with a mailbox and a site of their own, and whether they are deleted at the end of the window."""
    for group in tenant.groups.values():
        if "Unified" in group.group_types and group.created_at // DAY <= window.last:
            yield group, False
    for group in tenant.deleted_groups.values():
        deleted_day = (group.deleted_at or 0) // DAY
        if group.created_at // DAY <= window.last and deleted_day >= window.last - window.period:
            yield group, deleted_day <= window.last


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for name in _OWN_SITES:
        identity = f"{tenant.id} {name}"
        latest = _latest(islice(tenant.users.values(), _ASKED_STAFF), "sharepoint", window)
        life = (tenant.created_at // DAY, 0 if latest is None else latest)
        seen = None if latest is None else spell(identity, "sharepoint", life, window)
        yield _row(window, identity, _Site("Company Administrator", None, "Team Site"), seen)
    for group, deleted in microsoft365_groups(tenant, window):
        site = _Site(f"{group.display_name} Owners", group.mail, "Group", deleted)
        yield _row(window, group.id, site, seen_in(group, tenant, "sharepoint", window))


def _row(window: Window, identity: str, site: _Site, seen: Spell | None) -> Row:
    return (
        window.refreshed_on,
        site_id(identity),
        None,
        site.owner,
        site.deleted,
        None if seen is None else iso_day(seen.last_on),
        *_sizes(identity, seen),
        _ALLOCATED,
        site.template,
        site.address,
        window.period,
    )


def _sizes(identity: str, seen: Spell | None) -> tuple[Cell, ...]:
    """Files, active files, page views, visited pages, bytes."""
    chance = draw(identity, "site")
    if seen is None:
        return 0, 0, 0, 0, 1_200_000 + chance % 500_000
    files = 2 + chance % 80 + seen.so_far * (chance >> 8 & 0xF)
    views = seen.count(seen.rate(1, 16, 400))
    return (
        files,
        min(files, seen.count(seen.rate(0, 0, 120))),
        views,
        (views + 3) // 4,
        1_500_000 + files * (30_000 + (chance >> 16) % 600_000),
    )


SHAREPOINT_SITES = Report(
    function="getSharePointSiteUsageDetail",
    columns=(
        REFRESHED,
        Column("Site Id"),
        Column("Site URL"),
        Column("Owner Display Name", NAME),
        Column("Is Deleted", FLAG),
        LAST_ACTIVITY,
        *columns(
            "File Count",
            "Active File Count",
            "Page View Count",
            "Visited Page Count",
            "Storage Used (Byte)",
            "Storage Allocated (Byte)",
            kind=COUNT,
        ),
        Column("Root Web Template"),
        Column("Owner Principal Name", NAME),
        PERIOD,
    ),
    rows=_rows,
    subject="site",
    key="Site Id",
)
