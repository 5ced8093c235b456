"""getOneDriveUsageAccountDetail: everybody's OneDrive with its files and size.

Columns: those of a real file (Elastic's o365_metrics, 2025-08): Site Id as second column, which the page lacks, and an
empty Site URL. Somebody who never opened theirs has one all the same if it was provisioned: no date, no files.
"""

from collections.abc import Iterator

from m365sim.activity import iso_day, reported_name
from m365sim.reports.people import users_of
from m365sim.reports.report import (
    COUNT,
    FLAG,
    LAST_ACTIVITY,
    NAME,
    PERIOD,
    REFRESHED,
    Column,
    Report,
    Row,
    columns,
)
from m365sim.reports.sites import site_id
from m365sim.reports.spells import draw, spell_of
from m365sim.reports.window import Window
from m365sim.tenant import Tenant

_ALLOCATED = 1024**4  # 1 TB, as in the real file


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person in users_of(tenant, window, "onedrive"):
        user = person.user
        chance = draw(user.id, "account")
        seen = spell_of(user, "onedrive", window)
        if seen is None and (user.kind != "person" or chance & 0xF < 6):
            continue
        files = 0 if seen is None else 1 + chance % 60 + seen.so_far * (chance >> 8 & 0x7)
        yield (
            window.refreshed_on,
            site_id(user.id),
            None,
            user.display_name,
            person.is_deleted,
            None if seen is None else iso_day(seen.last_on),
            files,
            0 if seen is None else min(files, seen.count(seen.rate(0, 16, 160))),
            150_000 + chance % 50_000 + files * (20_000 + (chance >> 16) % 900_000),
            _ALLOCATED,
            reported_name(user),
            window.period,
        )


ONEDRIVE_ACCOUNTS = Report(
    function="getOneDriveUsageAccountDetail",
    columns=(
        REFRESHED,
        Column("Site Id"),
        Column("Site URL"),
        Column("Owner Display Name", NAME),
        Column("Is Deleted", FLAG),
        LAST_ACTIVITY,
        *columns("File Count", "Active File Count", "Storage Used (Byte)", "Storage Allocated (Byte)", kind=COUNT),
        Column("Owner Principal Name", NAME),
        PERIOD,
    ),
    rows=_rows,
    key="Owner Principal Name",
)
