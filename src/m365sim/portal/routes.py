"""The portal's addresses in the order of the connector guide."""

from aiohttp import web

from m365sim.identity.sessions import session_of
from m365sim.portal import admin_center, credentials, directory, permissions, registrations
from m365sim.portal.visit import acting, go, showing, switch_account
from m365sim.world import WORLD

_APP = "/portal/registrations/{client_id}"


def add_routes(app: web.Application) -> None:
    """Portal and admin center; the application holds the world as app[WORLD]."""
    get, post = app.router.add_get, app.router.add_post
    get("/portal", showing(directory.home))
    get("/portal/directory", showing(directory.overview))
    get("/portal/directory/domains", showing(directory.domains))
    get("/portal/registrations", showing(registrations.listing))
    get("/portal/registrations/new", showing(registrations.new))
    post("/portal/registrations/new", acting(registrations.create))
    get(_APP, showing(registrations.overview))
    post(_APP + "/delete", acting(registrations.delete))
    get(_APP + "/authentication", showing(registrations.authentication))
    post(_APP + "/authentication", acting(registrations.set_redirects))
    get(_APP + "/credentials", showing(credentials.show))
    get(_APP + "/credentials/new-secret", showing(credentials.new_secret))
    post(_APP + "/credentials/new-secret", acting(credentials.add))
    post(_APP + "/credentials/delete-secret", acting(credentials.delete))
    get(_APP + "/credentials/upload", showing(credentials.new_certificate))
    post(_APP + "/credentials/upload", acting(credentials.upload))
    post(_APP + "/credentials/delete-certificate", acting(credentials.delete_certificate))
    get(_APP + "/permissions", showing(permissions.show))
    get(_APP + "/permissions/add", showing(permissions.choose_api))
    get(_APP + "/permissions/add/graph", showing(permissions.choose_kind))
    get(_APP + "/permissions/add/graph/{kind}", showing(permissions.choose))
    post(_APP + "/permissions/add/graph/{kind}", acting(permissions.add))
    post(_APP + "/permissions/remove", acting(permissions.remove))
    post(_APP + "/permissions/consent", acting(permissions.consent))
    get("/admin", showing(admin_center.home))
    get("/admin/settings", showing(admin_center.settings))
    get("/admin/settings/org", showing(admin_center.org_settings))
    get("/admin/settings/org/reports", showing(admin_center.reports))
    post("/admin/settings/org/reports", acting(admin_center.save_reports))
    get("/portal/switch", _switch)
    post("/portal/sign-out", _sign_out)


async def _switch(request: web.Request) -> web.Response:
    return switch_account(request)


async def _sign_out(request: web.Request) -> web.Response:
    _, session = session_of(request.app[WORLD], request)
    session.people.clear()
    session.portal_user = None
    return go("/portal")
