"""App registrations: list, new one, overview, redirect URIs."""

from urllib.parse import urlsplit

from aiohttp import web

from m365sim.applications import Application
from m365sim.directory_roles import MANAGE_APPLICATIONS
from m365sim.portal.visit import Fields, RefusedError, Visit, go, needs, portal_page
from m365sim.registrations import Registration, add_principal, register, remove, request_permissions, set_redirect_uris

MULTITENANT = "AzureADMultipleOrgs"
_LONGEST_NAME = 120
_KINDS = ("Web", "Public client/native (mobile & desktop)")


def application_of(visit: Visit) -> Application:
    """The registration that the address names; RefusedError 404 for one of another tenant or none."""
    found = visit.world.applications.get(visit.match["client_id"].lower())
    if found is None or found.tenant_id != visit.tenant.id:
        raise RefusedError("Application not found", "There is no such registration in this directory.", 404)
    return found


def to_change(visit: Visit) -> Application:
    """The same, for somebody who may change it."""
    application = application_of(visit)
    if not visit.manages(application):
        raise needs(MANAGE_APPLICATIONS, "change an application that you do not own", visit)
    return application


def address_of(application: Application, part: str = "") -> str:
    return f"/portal/registrations/{application.client_id}{part}"


def app_page(visit: Visit, template: str, application: Application, blade: str, /, **values: object) -> web.Response:
    """A page of one registration, with its menu."""
    return portal_page(
        visit,
        template,
        application=application,
        address=address_of(application),
        blade=blade,
        manages=visit.manages(application),
        **values,
    )


def listing(visit: Visit) -> web.Response:
    here = [item for item in visit.world.applications.values() if item.tenant_id == visit.tenant.id]
    here.sort(key=lambda item: (item.display_name.lower(), item.client_id))
    return portal_page(visit, "portal_registrations.html", blade="App registrations", applications=here)


def new(visit: Visit) -> web.Response:
    return _new_page(visit, {}, "")


def _new_page(visit: Visit, typed: dict[str, str], message: str) -> web.Response:
    shown = {"name": "", "account_types": "", "redirect_kind": "Web", "redirect_uri": "", **typed}
    response = portal_page(
        visit, "portal_new_registration.html", typed=shown, message=message, kinds=_KINDS, multitenant=MULTITENANT
    )
    response.set_status(400 if message else 200)
    return response


def create(visit: Visit, fields: Fields) -> web.Response:
    """Register: the registration with its service principal, as the portal makes both."""
    member = visit.account.tenant_id == visit.tenant.id
    allowed = member and visit.world.interactive.rules_of(visit.tenant.id).users_may_register
    if not allowed and visit.roles.isdisjoint(MANAGE_APPLICATIONS):
        raise needs(MANAGE_APPLICATIONS, "register an application", visit)
    typed = {name: str(value).strip() for name, value in fields.items()}
    name, address = typed.get("name", ""), typed.get("redirect_uri", "")
    problem = _name_problem(name) or (redirect_problem(address) if address else "")
    if problem:
        return _new_page(visit, typed, problem)
    redirects = (address,) if address else ()
    web_kind = typed.get("redirect_kind", "Web") == "Web"
    wanted = Registration(
        name,
        multi_tenant=typed.get("account_types") == MULTITENANT,
        redirect_uris=redirects if web_kind else (),
        public_redirect_uris=() if web_kind else redirects,
    )
    application = register(visit.world, visit.tenant.id, wanted, visit.user.id, visit.name)
    add_principal(visit.world, application, visit.tenant.id, visit.name)
    request_permissions(visit.world, application, (), ("User.Read",), visit.name)
    return go(address_of(application))


def _name_problem(name: str) -> str:
    if not name:
        return "Enter a name for the application."
    return "" if len(name) <= _LONGEST_NAME else f"The name must not be longer than {_LONGEST_NAME} characters."


def redirect_problem(address: str) -> str:
    """The portal's rule: HTTPS, or HTTP to localhost, without a fragment."""
    try:
        parts = urlsplit(address)
        secure = parts.scheme == "https" and bool(parts.hostname)
        local = parts.scheme == "http" and parts.hostname == "localhost"
        plain = not parts.fragment and "*" not in address
    except ValueError:
        return "Must be a valid URL."
    if not (secure or local):
        return "Must start with 'HTTPS' or 'http://localhost'. Must be a valid URL."
    return "" if plain else "Must not contain a fragment or a wildcard."


def overview(visit: Visit) -> web.Response:
    return app_page(visit, "portal_overview.html", application_of(visit), "Overview")


def delete(visit: Visit, _fields: Fields) -> web.Response:
    remove(visit.world, to_change(visit), visit.name)
    return go("/portal/registrations")


def authentication(visit: Visit) -> web.Response:
    return app_page(visit, "portal_authentication.html", application_of(visit), "Authentication", message="")


def set_redirects(visit: Visit, fields: Fields) -> web.Response:
    """The Web redirect URIs, one a line."""
    application = to_change(visit)
    wanted = [line.strip() for line in str(fields.get("redirect_uris", "")).splitlines() if line.strip()]
    problem = next((f"{line}: {redirect_problem(line)}" for line in wanted if redirect_problem(line)), "")
    if problem:
        shown = app_page(visit, "portal_authentication.html", application, "Authentication", message=problem)
        shown.set_status(400)
        return shown
    set_redirect_uris(visit.world, application, wanted, visit.name)
    return go(address_of(application, "/authentication"))
