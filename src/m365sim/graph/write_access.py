"""Who may read and change registrations, grants and settings.

Sources: application-*.md, serviceprincipal-*.md, oauth2permissiongrant-*.md, adminreportsettings-update.md.

A delegated call needs the permission in the token and the right of the person: a directory role, or owning the
registration.
"""

from m365sim.applications import Application
from m365sim.directory_roles import (
    CHANGE_REPORT_SETTINGS,
    CONSENT_TO_GRAPH_ROLES,
    CONSENT_TO_SCOPES,
    MANAGE_APPLICATIONS,
    TEMPLATE_IDS,
)
from m365sim.graph.errors import GraphError, denied
from m365sim.graph.request import GraphRequest

_READ = frozenset(
    {
        "Application.Read.All",
        "Application.ReadWrite.All",
        "Application.ReadWrite.OwnedBy",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    }
)
_WRITE = frozenset({"Application.ReadWrite.All", "Directory.ReadWrite.All"})
_OWNED = frozenset({"Application.ReadWrite.OwnedBy"})
_ASSIGN = frozenset({"AppRoleAssignment.ReadWrite.All"})
_READ_GRANTS = frozenset({"Directory.Read.All", "Directory.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"})
_WRITE_GRANTS = frozenset({"DelegatedPermissionGrant.ReadWrite.All", "Directory.ReadWrite.All"})
_WRITE_SETTINGS = frozenset({"ReportSettings.ReadWrite.All"})


def permissions_of(request: GraphRequest) -> frozenset[str]:
    """Application permissions of an application, delegated ones of a person."""
    principal = request.principal
    return principal.roles if principal.user_id is None else principal.scopes


def directory_roles_of(request: GraphRequest) -> frozenset[str]:
    """The person's directory roles by name, as the token states them."""
    return frozenset(name for name, template in TEMPLATE_IDS.items() if template in request.principal.wids)


def actor(request: GraphRequest) -> str:
    """For the audit: the user principal name or the client id."""
    user = None if request.principal.user_id is None else request.principal.tenant.users.get(request.principal.user_id)
    return request.principal.client_id if user is None else user.user_principal_name


def require_read(request: GraphRequest) -> None:
    if permissions_of(request).isdisjoint(_READ):
        raise denied()


def require_create(request: GraphRequest) -> None:
    """Any member may register an application unless the tenant forbids it (authorizationPolicy)."""
    principal = request.principal
    if principal.user_id is None:
        if permissions_of(request).isdisjoint(_WRITE | _OWNED):
            raise denied()
        return
    rules = request.world.interactive.rules_of(principal.tenant.id)
    member = principal.user_id in request.world.interactive.accounts
    allowed = (rules.users_may_register and member) or directory_roles_of(request) & MANAGE_APPLICATIONS
    if permissions_of(request).isdisjoint(_WRITE) or not allowed:
        raise denied()


def require_change(request: GraphRequest, application: Application) -> None:
    principal = request.principal
    if principal.user_id is None:
        owned = principal.client_id in {application.client_id, *application.owners}
        if permissions_of(request) & _WRITE or (owned and permissions_of(request) & _OWNED):
            return
        raise denied()
    allowed = principal.user_id in application.owners or directory_roles_of(request) & MANAGE_APPLICATIONS
    if permissions_of(request).isdisjoint(_WRITE) or not allowed:
        raise denied()


def require_assign(request: GraphRequest) -> None:
    """To give an application a permission of Microsoft Graph."""
    _require(request, _ASSIGN, CONSENT_TO_GRAPH_ROLES)


def require_read_grants(request: GraphRequest) -> None:
    if permissions_of(request).isdisjoint(_READ_GRANTS):
        raise denied()


def require_write_grants(request: GraphRequest) -> None:
    _require(request, _WRITE_GRANTS, CONSENT_TO_SCOPES)


def require_write_report_settings(request: GraphRequest) -> None:
    """The refusal has the form of the report service, as that of the reading has."""
    try:
        _require(request, _WRITE_SETTINGS, CHANGE_REPORT_SETTINGS)
    except GraphError:
        text = '{"error":{"code":"S2SUnauthorized","message":"Invalid permission."}}'
        raise GraphError(403, "UnknownError", text) from None


def _require(request: GraphRequest, permissions: frozenset[str], roles: frozenset[str]) -> None:
    person = request.principal.user_id is not None
    if permissions_of(request).isdisjoint(permissions) or (person and directory_roles_of(request).isdisjoint(roles)):
        raise denied()
