"""/servicePrincipals and appRoleAssignments (serviceprincipal-*.md): what a tenant knows of applications.

Microsoft Graph itself is one of them: its appRoles and oauth2PermissionScopes are where names of permissions get their
identifiers from.
"""

from dataclasses import dataclass

from m365sim.applications import Application
from m365sim.clock import iso
from m365sim.consents import (
    assignment_id,
    grant_roles,
    graph_principal_id,
    principal_id,
    usable_in,
    withdraw_roles,
)
from m365sim.graph.applications import audience_of
from m365sim.graph.errors import GraphError, bad_request, not_found
from m365sim.graph.payload import created, fields_of, no_content, text_of
from m365sim.graph.queries import answer_rows, entity_row
from m365sim.graph.request import Answer, GraphRequest, entity
from m365sim.graph.write_access import actor, require_assign, require_change, require_create, require_read
from m365sim.graph_permissions import BY_VALUE, GRAPH_APP_ID, PERMISSIONS, ROLES, Permission
from m365sim.registrations import add_principal

_TYPE = "microsoft.graph.servicePrincipal"
_ASSIGNMENT = "microsoft.graph.appRoleAssignment"
# Microsoft's own tenant, in which its services are registered.
_MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"


@dataclass(slots=True, frozen=True)
class Held:
    """One application permission of Graph that an application holds in this tenant."""

    application: Application
    role: str


def collection(request: GraphRequest) -> Answer:
    """GET /servicePrincipals"""
    require_read(request)
    rows = [_graph_row(request)] + [_row(application, object_id) for application, object_id in _here(request)]
    return answer_rows(request, "servicePrincipals", _TYPE, rows)


def one(request: GraphRequest) -> Answer:
    """GET /servicePrincipals/{id} and /servicePrincipals(appId='…')"""
    require_read(request)
    name = _object_id(request, request.parameters[0])
    row = _graph_row(request) if name == _graph(request) else _row(_application(request, name), name)
    chosen, context = entity_row(request, row, _TYPE)
    return entity(request, f"servicePrincipals{context}/$entity", chosen)


def create(request: GraphRequest) -> Answer:
    """POST /servicePrincipals with an appId: the application becomes known in this tenant."""
    fields = fields_of(request, frozenset({"appId", "tags", "accountEnabled", "displayName"}), _TYPE)
    client_id = (text_of(fields, "appId", required=True) or "").lower()
    application = request.world.applications.get(client_id)
    tenant_id = request.principal.tenant.id
    if application is None or not usable_in(application, tenant_id):
        raise bad_request(
            f"The appId '{client_id}' of the service principal does not reference a valid application object."
        )
    if application.tenant_id == tenant_id:
        require_change(request, application)
    else:
        require_create(request)
    if principal_id(application, tenant_id) is not None:
        raise GraphError(
            409,
            "Request_MultipleObjectsWithSameKeyValue",
            f"The service principal cannot be created, updated, or restored because the service principal name "
            f"{client_id} is already in use.",
        )
    made = add_principal(request.world, application, tenant_id, actor(request))
    return created(request, "servicePrincipals/$entity", _row(application, made))


def assigned_to(request: GraphRequest) -> Answer:
    """GET /servicePrincipals/{id}/appRoleAssignedTo: who holds permissions of this resource."""
    require_read(request)
    name = _object_id(request, request.parameters[0])
    rows: list[dict[str, object]] = []
    if name == _graph(request):
        rows = _assignments(request)
    else:
        _application(request, name)
    return answer_rows(request, f"servicePrincipals('{name}')/appRoleAssignedTo", _ASSIGNMENT, rows)


def assignments(request: GraphRequest) -> Answer:
    """GET /servicePrincipals/{id}/appRoleAssignments: the application permissions of this application."""
    require_read(request)
    name = _object_id(request, request.parameters[0])
    rows = [row for row in _assignments(request) if row["principalId"] == name]
    return answer_rows(request, f"servicePrincipals('{name}')/appRoleAssignments", _ASSIGNMENT, rows)


def assign(request: GraphRequest) -> Answer:
    """POST /servicePrincipals/{id}/appRoleAssignedTo or …/appRoleAssignments"""
    require_assign(request)
    fields = fields_of(request, frozenset({"principalId", "resourceId", "appRoleId"}), _ASSIGNMENT)
    principal, resource, role_id = (
        (text_of(fields, name, required=True) or "").lower() for name in ("principalId", "resourceId", "appRoleId")
    )
    if resource != _graph(request):
        raise not_found(resource)
    if role_id not in ROLES:
        raise bad_request("Permission being assigned was not found on application")
    application, role = _application(request, principal), ROLES[role_id].value
    tenant_id = request.principal.tenant.id
    if role in application.granted_roles.get(tenant_id, set()):
        raise bad_request("Permission being assigned already exists on the object")
    grant_roles(request.world, application, tenant_id, [role], actor(request))
    context = f"servicePrincipals('{request.parameters[0]}')/{request.segments[-1]}/$entity"
    return created(request, context, _assignment_row(request, Held(application, role)))


def unassign(request: GraphRequest) -> Answer:
    """DELETE /servicePrincipals/{id}/appRoleAssignedTo/{id} or …/appRoleAssignments/{id}"""
    require_assign(request)
    wanted = request.parameters[1]
    tenant_id = request.principal.tenant.id
    for held in _held(request):
        if assignment_id(held.application, tenant_id, held.role) == wanted:
            withdraw_roles(request.world, held.application, tenant_id, [held.role], actor(request))
            return no_content()
    raise not_found(wanted)


def _graph(request: GraphRequest) -> str:
    return graph_principal_id(request.principal.tenant.id)


def _object_id(request: GraphRequest, name: str) -> str:
    """The object id for an id or `appId=…`; GraphError 404 for an application that this tenant does not know."""
    if not name.lower().startswith("appid="):
        return name.lower()
    client_id = name[len("appid=") :].strip("'").lower()
    if client_id == GRAPH_APP_ID:
        return _graph(request)
    application = request.world.applications.get(client_id)
    found = None if application is None else principal_id(application, request.principal.tenant.id)
    if found is None:
        raise not_found(client_id)
    return found


def _here(request: GraphRequest) -> list[tuple[Application, str]]:
    """The applications that have a service principal in this tenant, with its id."""
    tenant_id = request.principal.tenant.id
    found = [(application, principal_id(application, tenant_id)) for application in request.world.applications.values()]
    return [(application, object_id) for application, object_id in found if object_id is not None]


def _application(request: GraphRequest, object_id: str) -> Application:
    for application, known in _here(request):
        if known == object_id:
            return application
    raise not_found(object_id)


def _held(request: GraphRequest) -> list[Held]:
    tenant_id = request.principal.tenant.id
    return [
        Held(application, role)
        for application, _ in _here(request)
        for role in sorted(application.granted_roles.get(tenant_id, set()))
        if role in BY_VALUE
    ]


def _assignments(request: GraphRequest) -> list[dict[str, object]]:
    return [_assignment_row(request, held) for held in _held(request)]


def _assignment_row(request: GraphRequest, held: Held) -> dict[str, object]:
    tenant_id = request.principal.tenant.id
    since = held.application.visible_from.get((tenant_id, held.role), held.application.created_at)
    return {
        "id": assignment_id(held.application, tenant_id, held.role),
        "deletedDateTime": None,
        "appRoleId": BY_VALUE[held.role].role_id,
        "createdDateTime": iso(since),
        "principalDisplayName": held.application.display_name,
        "principalId": principal_id(held.application, tenant_id),
        "principalType": "ServicePrincipal",
        "resourceDisplayName": "Microsoft Graph",
        "resourceId": graph_principal_id(tenant_id),
    }


def _row(application: Application, object_id: str) -> dict[str, object]:
    return {
        **_common(object_id, application.client_id, application.display_name),
        "appOwnerOrganizationId": application.tenant_id,
        "createdDateTime": iso(application.created_at),
        "replyUrls": list(application.redirect_uris),
        "servicePrincipalNames": [application.client_id],
        "signInAudience": audience_of(application),
        "tags": ["WindowsAzureActiveDirectoryIntegratedApp"],
    }


def _graph_row(request: GraphRequest) -> dict[str, object]:
    return {
        **_common(_graph(request), GRAPH_APP_ID, "Microsoft Graph"),
        "appOwnerOrganizationId": _MICROSOFT,
        "appRoles": [_role_row(item) for item in PERMISSIONS if item.role_id is not None],
        "createdDateTime": iso(request.principal.tenant.created_at),
        "oauth2PermissionScopes": [_scope_row(item) for item in PERMISSIONS if item.scope_id is not None],
        "replyUrls": [],
        "servicePrincipalNames": [GRAPH_APP_ID, "https://graph.microsoft.com", request.world.graph_url],
        "signInAudience": "AzureADMultipleOrgs",
        "tags": [],
    }


def _common(object_id: str, client_id: str, name: str) -> dict[str, object]:
    return {
        "id": object_id,
        "deletedDateTime": None,
        "accountEnabled": True,
        "addIns": [],
        "alternativeNames": [],
        "appDescription": None,
        "appDisplayName": name,
        "appId": client_id,
        "applicationTemplateId": None,
        "appOwnerOrganizationId": None,
        "appRoleAssignmentRequired": False,
        "appRoles": [],
        "createdDateTime": None,
        "description": None,
        "disabledByMicrosoftStatus": None,
        "displayName": name,
        "homepage": None,
        "keyCredentials": [],
        "loginUrl": None,
        "logoutUrl": None,
        "notes": None,
        "notificationEmailAddresses": [],
        "oauth2PermissionScopes": [],
        "passwordCredentials": [],
        "preferredSingleSignOnMode": None,
        "servicePrincipalType": "Application",
        "tokenEncryptionKeyId": None,
    }


def _role_row(item: Permission) -> dict[str, object]:
    return {
        "allowedMemberTypes": ["Application"],
        "description": item.role_text,
        "displayName": item.title,
        "id": item.role_id,
        "isEnabled": True,
        "origin": "Application",
        "value": item.value,
    }


def _scope_row(item: Permission) -> dict[str, object]:
    return {
        "adminConsentDescription": item.scope_text,
        "adminConsentDisplayName": item.title,
        "id": item.scope_id,
        "isEnabled": True,
        "type": "Admin" if item.admin else "User",
        "userConsentDescription": item.scope_text,
        "userConsentDisplayName": item.title,
        "value": item.value,
    }
