"""getM365AppUserDetail: which apps each licence holder used on which platforms. CSV, or JSON with $format.

Columns and the JSON's names: the v1.0 page (graph-facts 2.3). How the CSV prints the truths was found nowhere; Yes and
No are what the admin centre's export prints.
"""

from collections.abc import Iterator

from m365sim.activity import extras_of, iso_day, reported_name, workloads_of
from m365sim.reports.devices import APPS, PLATFORMS, apps_used, office_of
from m365sim.reports.people import people
from m365sim.reports.report import (
    DAY,
    LAST_ACTIVITY,
    PERIOD,
    PRINCIPAL,
    REFRESHED,
    YES_NO,
    Column,
    Report,
    Row,
    columns,
)
from m365sim.reports.window import Window
from m365sim.tenant import Tenant

_TITLES = {"outlook": "Outlook", "word": "Word", "excel": "Excel", "powerpoint": "PowerPoint"}
_TITLES |= {"onenote": "OneNote", "teams": "Teams"}
_JSON_APPS = {"powerpoint": "powerPoint", "onenote": "oneNote"}
_PAIRS = tuple((app, platform) for platform in PLATFORMS for app in APPS)
_JSON_NAMES = (
    *PLATFORMS,
    *(_JSON_APPS.get(app, app) for app in APPS),
    *(f"{_JSON_APPS.get(app, app)}{platform.title()}" for app, platform in _PAIRS),
)


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person in people(tenant, window):
        extras = extras_of(person.held)
        if person.is_deleted or not (extras or workloads_of(person.held)):
            continue
        office = office_of(person, extras, window)
        used = apps_used(person, office, window)
        platforms = {platform for _, platform in used.pairs}
        apps = {app for app, _ in used.pairs}
        yield (
            window.refreshed_on,
            reported_name(person.user),
            None if office is None else iso_day(office.day),
            None if used.last_on is None else iso_day(used.last_on),
            window.period,
            *(platform in platforms for platform in PLATFORMS),
            *(app in apps for app in APPS),
            *(pair in used.pairs for pair in _PAIRS),
        )


def app_usage_json(row: Row) -> dict[str, object]:
    """A row as the JSON form has it: the truths of the period in `details`."""
    refreshed, name, activated, active, period, *truths = row
    return {
        "reportRefreshDate": refreshed,
        "userPrincipalName": name,
        "lastActivationDate": activated,
        "lastActivityDate": active,
        "details": [{"reportPeriod": period, **dict(zip(_JSON_NAMES, truths, strict=True))}],
    }


APP_USAGE = Report(
    function="getM365AppUserDetail",
    columns=(
        REFRESHED,
        PRINCIPAL,
        Column("Last Activation Date", DAY),
        LAST_ACTIVITY,
        PERIOD,
        *columns(
            *(platform.title() for platform in PLATFORMS),
            *_TITLES.values(),
            *(f"{_TITLES[app]} ({platform.title()})" for app, platform in _PAIRS),
            kind=YES_NO,
        ),
    ),
    rows=_rows,
)
