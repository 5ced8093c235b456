"""getEmailActivityUserDetail: what each holder of a mailbox licence sent, received and read.

Columns: the v1.0 page (graph-facts 2.3). Counts are blank for whom no activity is known, and 0 where the last one lies
before the period.
"""

from collections.abc import Iterator

from m365sim.activity import iso_day, product_names, reported_name
from m365sim.reports.people import users_of
from m365sim.reports.report import (
    COUNT,
    DELETED,
    DISPLAY,
    LAST_ACTIVITY,
    PERIOD,
    PRINCIPAL,
    PRODUCTS,
    REFRESHED,
    Cell,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import Spell, spell_of
from m365sim.reports.window import Window
from m365sim.tenant import Tenant


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person in users_of(tenant, window, "exchange"):
        seen = spell_of(person.user, "exchange", window)
        yield (
            window.refreshed_on,
            reported_name(person.user),
            person.user.display_name,
            person.is_deleted,
            person.deleted_on,
            None if seen is None else iso_day(seen.last_on),
            *_counts(seen, sends=person.user.kind == "person"),
            product_names(person.held),
            window.period,
        )


def _counts(seen: Spell | None, *, sends: bool) -> tuple[Cell, ...]:
    """Sent, received, read, meetings made and answered. Mailboxes of rooms and teams rarely send."""
    if seen is None:
        return (None,) * 5
    return (
        seen.count(seen.rate(0, 4, 160) if sends else seen.rate(0, 0, 8)),
        seen.count(seen.rate(1, 48, 640)),
        seen.count(seen.rate(2, 16, 480)),
        seen.count(seen.rate(3, 0, 12) if sends else 0),
        seen.count(seen.rate(4, 0, 48)),
    )


EMAIL_ACTIVITY = Report(
    function="getEmailActivityUserDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        *DELETED,
        LAST_ACTIVITY,
        *columns(
            "Send Count",
            "Receive Count",
            "Read Count",
            "Meeting Created Count",
            "Meeting Interacted Count",
            kind=COUNT,
        ),
        PRODUCTS,
        PERIOD,
    ),
    rows=_rows,
)
