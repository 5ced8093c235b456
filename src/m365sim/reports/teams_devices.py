"""getTeamsDeviceUsageUserDetail: on which devices each licence holder used Teams.

Columns: the v1.0 page (graph-facts 2.3): Windows Phone is kept and always No; a date lies within 28 days. Somebody on
Linux or Chrome OS uses Teams in the browser. The User Id is concealed as in the report of activity.
"""

from collections.abc import Iterator

from m365sim.activity import extras_of, iso_day, reported_name, workloads_of
from m365sim.reports.devices import apps_used, devices_of, office_of
from m365sim.reports.people import users_of
from m365sim.reports.report import (
    DELETED,
    LAST_ACTIVITY,
    NAME,
    PERIOD,
    PRINCIPAL,
    REFRESHED,
    YES_NO,
    Column,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import spell_of
from m365sim.reports.window import Window
from m365sim.tenant import Tenant


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person in users_of(tenant, window, "teams"):
        seen = spell_of(person.user, "teams", window)
        pairs = apps_used(person, office_of(person, extras_of(person.held), window), window).pairs
        devices = devices_of(person)
        on_phone, on_web = ("teams", "mobile") in pairs, ("teams", "web") in pairs
        yield (
            window.refreshed_on,
            person.user.id,
            reported_name(person.user),
            None if seen is None else iso_day(seen.last_on),
            person.is_deleted,
            person.deleted_on,
            on_web,
            False,
            on_phone and devices.phone == "ios",
            ("teams", "mac") in pairs,
            on_phone and devices.phone == "android",
            ("teams", "windows") in pairs,
            on_web and devices.desktop == "chrome",
            on_web and devices.desktop == "linux",
            "teams" in workloads_of(person.held),
            window.period,
        )


TEAMS_DEVICES = Report(
    function="getTeamsDeviceUsageUserDetail",
    columns=(
        REFRESHED,
        Column("User Id", NAME),
        PRINCIPAL,
        LAST_ACTIVITY,
        *DELETED,
        *columns(
            "Used Web",
            "Used Windows Phone",
            "Used iOS",
            "Used Mac",
            "Used Android Phone",
            "Used Windows",
            "Used Chrome OS",
            "Used Linux",
            "Is Licensed",
            kind=YES_NO,
        ),
        PERIOD,
    ),
    rows=_rows,
    days_back=28,
)
