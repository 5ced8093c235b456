"""The admin center: Settings, Org settings, Reports."""

from aiohttp import web

from m365sim.directory_roles import CHANGE_REPORT_SETTINGS
from m365sim.portal.visit import Fields, Visit, go, needs, portal_page
from m365sim.registrations import set_report_concealment

REPORTS = "/admin/settings/org/reports"


def home(visit: Visit) -> web.Response:
    return portal_page(
        visit, "admin_home.html", heading="Microsoft 365 admin center", links=[("Settings", "/admin/settings")]
    )


def settings(visit: Visit) -> web.Response:
    return portal_page(visit, "admin_home.html", heading="Settings", links=[("Org settings", "/admin/settings/org")])


def org_settings(visit: Visit) -> web.Response:
    return portal_page(visit, "admin_home.html", heading="Org settings", links=[("Reports", REPORTS)])


def reports(visit: Visit) -> web.Response:
    return portal_page(
        visit,
        "admin_reports.html",
        concealed=visit.tenant.conceal_names,
        saved=visit.query.get("saved") == "yes",
        may_change=not visit.roles.isdisjoint(CHANGE_REPORT_SETTINGS),
    )


def save_reports(visit: Visit, fields: Fields) -> web.Response:
    if visit.roles.isdisjoint(CHANGE_REPORT_SETTINGS):
        raise needs(CHANGE_REPORT_SETTINGS, "change the settings of the reports", visit)
    set_report_concealment(visit.world, visit.tenant.id, "conceal" in fields, visit.name)
    return go(f"{REPORTS}?saved=yes")
