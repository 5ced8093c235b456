"""getYammerActivityUserDetail: what each licence holder posted, read and liked.

Columns: the v1.0 page (graph-facts 2.3). User State is "active" in the documented JSON; "deleted" is our reading for an
account that is no more. Counts are blank for whom no activity is known, and 0 where the last one lies before the
period.
"""

from collections.abc import Iterator

from m365sim.activity import DAY as DAY_SECONDS
from m365sim.activity import iso_day, product_names, reported_name
from m365sim.reports.people import users_of
from m365sim.reports.report import (
    COUNT,
    DAY,
    DISPLAY,
    LAST_ACTIVITY,
    PERIOD,
    PRINCIPAL,
    PRODUCTS,
    REFRESHED,
    Column,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import spell_of
from m365sim.reports.window import Window
from m365sim.tenant import Tenant

_RATES = ((0, 16), (16, 160), (0, 24))  # posted, read, liked: sixteenths per day of activity


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person in users_of(tenant, window, "yammer"):
        seen = spell_of(person.user, "yammer", window)
        yield (
            window.refreshed_on,
            reported_name(person.user),
            person.user.display_name,
            "deleted" if person.is_deleted else "active",
            person.deleted_on or iso_day(person.user.created_at // DAY_SECONDS),
            None if seen is None else iso_day(seen.last_on),
            *(
                None if seen is None else seen.count(seen.rate(slot, least, most))
                for slot, (least, most) in enumerate(_RATES)
            ),
            product_names(person.held),
            window.period,
        )


YAMMER_ACTIVITY = Report(
    function="getYammerActivityUserDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        Column("User State"),
        Column("State Change Date", DAY),
        LAST_ACTIVITY,
        *columns("Posted Count", "Read Count", "Liked Count", kind=COUNT),
        PRODUCTS,
        PERIOD,
    ),
    rows=_rows,
)
