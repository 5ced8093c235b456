"""API permissions: add them to the registration, then grant admin consent."""

from dataclasses import dataclass

from aiohttp import web

from m365sim.applications import Application
from m365sim.consents import grant_roles, grant_scopes, roles_missing_to_consent
from m365sim.graph_permissions import BY_VALUE, PERMISSIONS
from m365sim.portal.registrations import address_of, app_page, application_of, to_change
from m365sim.portal.visit import Fields, RefusedError, Visit, go, needs
from m365sim.registrations import request_permissions

_BLADE = "API permissions"
DELEGATED, APPLICATION = "delegated", "application"


@dataclass(slots=True, frozen=True)
class Line:
    """A row of the table; `status` is as the portal words it."""

    value: str
    kind: str
    title: str
    admin: bool
    granted: bool


def show(visit: Visit) -> web.Response:
    application = application_of(visit)
    message = "Grant consent succeeded." if visit.query.get("consented") == "yes" else ""
    return app_page(
        visit,
        "portal_permissions.html",
        application,
        _BLADE,
        lines=_lines(application, visit.tenant.id),
        message=message,
    )


def _lines(application: Application, tenant_id: str) -> list[Line]:
    for_all = {
        scope
        for grant in application.scope_grants
        if grant.tenant_id == tenant_id and grant.principal_id is None
        for scope in grant.scopes
    }
    roles = application.granted_roles.get(tenant_id, set())
    lines = [_line(name, APPLICATION, name in roles) for name in sorted(application.requested_roles | roles)]
    lines += [_line(name, DELEGATED, name in for_all) for name in sorted(application.requested_scopes)]
    return sorted(lines, key=lambda line: (line.value, line.kind))


def _line(name: str, kind: str, granted: bool) -> Line:
    known = BY_VALUE.get(name)
    return Line(
        name,
        kind.capitalize(),
        name if known is None else known.title,
        known is None or kind == APPLICATION or known.admin,
        granted,
    )


def choose_api(visit: Visit) -> web.Response:
    return app_page(visit, "portal_choose_api.html", to_change(visit), _BLADE)


def choose_kind(visit: Visit) -> web.Response:
    return app_page(visit, "portal_choose_kind.html", to_change(visit), _BLADE)


def choose(visit: Visit) -> web.Response:
    """The list of Graph's permissions of one kind, to tick."""
    application, kind = to_change(visit), _kind(visit)
    requested = application.requested_roles if kind == APPLICATION else application.requested_scopes
    offered = [
        {
            "value": item.value,
            "text": item.title,
            "admin": kind == APPLICATION or item.admin,
            "requested": item.value in requested,
        }
        for item in PERMISSIONS
        if (item.role_id if kind == APPLICATION else item.scope_id) is not None
    ]
    return app_page(visit, "portal_choose_permissions.html", application, _BLADE, kind=kind, offered=offered)


def _kind(visit: Visit) -> str:
    kind = visit.match["kind"]
    if kind not in {DELEGATED, APPLICATION}:
        raise RefusedError("Page not found", "There are delegated and application permissions.", 404)
    return kind


def add(visit: Visit, fields: Fields) -> web.Response:
    application, kind = to_change(visit), _kind(visit)
    ticked = {name.removeprefix("permission ") for name in fields if name.startswith("permission ")} & BY_VALUE.keys()
    roles, scopes = application.requested_roles, application.requested_scopes
    if kind == APPLICATION:
        roles = roles | {name for name in ticked if BY_VALUE[name].role_id is not None}
    else:
        scopes = scopes | {name for name in ticked if BY_VALUE[name].scope_id is not None}
    request_permissions(visit.world, application, roles, scopes, visit.name)
    return go(address_of(application, "/permissions"))


def remove(visit: Visit, fields: Fields) -> web.Response:
    """Out of the registration; what was consented to stays in force, as with Microsoft."""
    application = to_change(visit)
    gone = {str(fields.get("value", ""))}
    is_role = str(fields.get("kind", "")).lower() == APPLICATION
    roles = application.requested_roles - (gone if is_role else set())
    scopes = application.requested_scopes - (set() if is_role else gone)
    request_permissions(visit.world, application, roles, scopes, visit.name)
    return go(address_of(application, "/permissions"))


def consent(visit: Visit, _fields: Fields) -> web.Response:
    """Grant admin consent for everything that the registration asks for; RefusedError names the role that is needed."""
    application = application_of(visit)
    roles, scopes = application.requested_roles, application.requested_scopes
    needed = roles_missing_to_consent(visit.roles, scopes, roles)
    if needed:
        what = "application permissions of Microsoft Graph" if roles else "these permissions"
        raise needs(needed, f"grant admin consent to {what} for {visit.tenant.display_name}", visit)
    grant_roles(visit.world, application, visit.tenant.id, roles, visit.name)
    if scopes:
        grant_scopes(visit.world, application, visit.tenant.id, scopes, None, visit.name)
    return go(address_of(application, "/permissions?consented=yes"))
