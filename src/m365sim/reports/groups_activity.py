"""getOffice365GroupsActivityDetail: the Microsoft 365 groups with their members, mail, files and posts.

Columns: the v1.0 list with External Member Count, as in a real file (Elastic's o365_metrics, 2025-08), which also shows
which counts are blank where a service has nothing to tell: mail received, active files and posts, but not the sizes.
Owner Principal Name is empty for a group without an owner.
"""

from collections.abc import Iterator

from m365sim.activity import iso_day, reported_name
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
from m365sim.reports.sites import microsoft365_groups, seen_in
from m365sim.reports.spells import Spell, draw
from m365sim.reports.window import Window
from m365sim.tenant import Group, Tenant


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for group, deleted in microsoft365_groups(tenant, window):
        mail = seen_in(group, tenant, "exchange", window)
        files = seen_in(group, tenant, "sharepoint", window)
        days = [part.last_on for part in (mail, files) if part is not None]
        users = [tenant.users[member] for member in group.members if member in tenant.users]
        owner = next((user for user in users if user.kind == "person" and user.account_enabled), None)
        yield (
            window.refreshed_on,
            group.display_name,
            deleted,
            None if owner is None else reported_name(owner),
            iso_day(max(days)) if days else None,
            group.visibility,
            len(group.members),
            sum(user.user_type == "Guest" for user in users),
            *_counts(group, mail, files),
            group.id,
            window.period,
        )


def _counts(group: Group, mail: Spell | None, files: Spell | None) -> tuple[Cell, ...]:
    """Mail received, active files, three counts of Yammer, mailbox items and bytes, files and bytes of the site."""
    chance = draw(group.id, "group")
    items = 14 + (0 if mail is None else mail.so_far * (1 + chance % 6))
    stored = 0 if files is None else chance % 40 + files.so_far * (chance >> 8 & 7)
    return (
        mail.count(mail.rate(0, 16, 200)) if mail and mail.days else None,
        files.count(files.rate(0, 16, 80)) if files and files.days else None,
        None,
        None,
        None,
        items,
        items * (8_000 + chance % 90_000),
        stored,
        1_500_000 + stored * (30_000 + (chance >> 16) % 600_000),
    )


GROUPS_ACTIVITY = Report(
    function="getOffice365GroupsActivityDetail",
    columns=(
        REFRESHED,
        Column("Group Display Name", NAME),
        Column("Is Deleted", FLAG),
        Column("Owner Principal Name", NAME),
        LAST_ACTIVITY,
        Column("Group Type"),
        *columns(
            "Member Count",
            "External Member Count",
            "Exchange Received Email Count",
            "SharePoint Active File Count",
            "Yammer Posted Message Count",
            "Yammer Read Message Count",
            "Yammer Liked Message Count",
            "Exchange Mailbox Total Item Count",
            "Exchange Mailbox Storage Used (Byte)",
            "SharePoint Total File Count",
            "SharePoint Site Storage Used (Byte)",
            kind=COUNT,
        ),
        Column("Group Id"),
        PERIOD,
    ),
    rows=_rows,
    subject="group",
    key="Group Id",
)
