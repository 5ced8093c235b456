"""getEmailAppUsageUserDetail: with which apps each holder of a mailbox licence read mail.

Columns: the v1.0 page (graph-facts 2.3). The documented JSON has a list of versions under each app, "Undetermined"
where none is known; the CSV is taken to join them by +, as it joins products, and to be empty for an unused app.
"""

from collections.abc import Iterator

from m365sim.activity import extras_of, iso_day, reported_name
from m365sim.reports.devices import apps_used, devices_of, fetches_mail_only, office_of
from m365sim.reports.people import Person, users_of
from m365sim.reports.report import (
    DELETED,
    DISPLAY,
    LAST_ACTIVITY,
    LIST,
    PERIOD,
    PRINCIPAL,
    REFRESHED,
    Cell,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import draw, spell_of
from m365sim.reports.window import Window
from m365sim.tenant import Tenant

_UNDETERMINED = ("Undetermined",)
_VERSIONS = (("Outlook M365",), ("Outlook M365",), ("Outlook 2019",), ("Outlook 2019", "Outlook M365"))


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person in users_of(tenant, window, "exchange"):
        seen = spell_of(person.user, "exchange", window)
        apps: tuple[Cell, ...] = ((),) * 9 if seen is None or not seen.days else _apps(person, window)
        yield (
            window.refreshed_on,
            reported_name(person.user),
            person.user.display_name,
            person.is_deleted,
            person.deleted_on,
            None if seen is None else iso_day(seen.last_on),
            *apps,
            window.period,
        )


def _apps(person: Person, window: Window) -> tuple[Cell, ...]:
    """Those of a telephone that only fetches mail are not Outlook; a few programs still speak IMAP or POP."""
    chance, devices = draw(person.user.id, "mail apps"), devices_of(person)
    pairs = apps_used(person, office_of(person, extras_of(person.held), window), window).pairs
    version = _VERSIONS[chance & 3]
    other = fetches_mail_only(person) or (devices.phone != "" and ("outlook", "mobile") not in pairs)
    return (
        _UNDETERMINED if devices.desktop == "mac" and chance >> 2 & 7 == 0 else (),
        version if ("outlook", "mac") in pairs else (),
        version if ("outlook", "windows") in pairs else (),
        _UNDETERMINED if ("outlook", "mobile") in pairs else (),
        _UNDETERMINED if other else (),
        _UNDETERMINED if ("outlook", "web") in pairs else (),
        _UNDETERMINED if chance >> 5 & 0xFF == 0 else (),
        _UNDETERMINED if chance >> 13 & 0x3F == 0 else (),
        _UNDETERMINED if chance >> 19 & 0x7F == 0 else (),
    )


EMAIL_APPS = Report(
    function="getEmailAppUsageUserDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        DISPLAY,
        *DELETED,
        LAST_ACTIVITY,
        *columns(
            "Mail For Mac",
            "Outlook For Mac",
            "Outlook For Windows",
            "Outlook For Mobile",
            "Other For Mobile",
            "Outlook For Web",
            "POP3 App",
            "IMAP4 App",
            "SMTP App",
            kind=LIST,
        ),
        PERIOD,
    ),
    rows=_rows,
)
