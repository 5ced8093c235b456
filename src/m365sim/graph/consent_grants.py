"""/oauth2PermissionGrants (oauth2permissiongrant-*.md): delegated permissions, for one user or for everybody."""

from m365sim.applications import Application, ScopeGrant
from m365sim.consents import grant_scopes, graph_principal_id, principal_id, withdraw_grant
from m365sim.graph.errors import GraphError, bad_request, not_found
from m365sim.graph.payload import created, fields_of, no_content, text_of, wrong
from m365sim.graph.queries import answer_rows, entity_row
from m365sim.graph.request import Answer, GraphRequest, entity
from m365sim.graph.write_access import actor, require_read_grants, require_write_grants
from m365sim.graph_permissions import scope_named

_TYPE = "microsoft.graph.oAuth2PermissionGrant"
_FIELDS = frozenset(["clientId", "consentType", "principalId", "resourceId", "scope", "startTime", "expiryTime"])
Found = tuple[Application, ScopeGrant]


def collection(request: GraphRequest) -> Answer:
    """GET /oauth2PermissionGrants"""
    require_read_grants(request)
    rows = [_row(application, grant) for application, grant in _here(request)]
    return answer_rows(request, "oauth2PermissionGrants", _TYPE, rows)


def of_principal(request: GraphRequest) -> Answer:
    """GET /servicePrincipals/{id}/oauth2PermissionGrants"""
    require_read_grants(request)
    wanted = request.parameters[0].lower()
    rows = [_row(application, grant) for application, grant in _here(request)]
    shown = [row for row in rows if row["clientId"] == wanted]
    return answer_rows(request, "oauth2PermissionGrants", _TYPE, shown)


def one(request: GraphRequest) -> Answer:
    """GET /oauth2PermissionGrants/{id}"""
    require_read_grants(request)
    row, context = entity_row(request, _row(*_found(request)), _TYPE)
    return entity(request, f"oauth2PermissionGrants{context}/$entity", row)


def create(request: GraphRequest) -> Answer:
    """POST /oauth2PermissionGrants"""
    require_write_grants(request)
    fields = fields_of(request, _FIELDS, _TYPE)
    application = _client(request, text_of(fields, "clientId", required=True) or "")
    if text_of(fields, "resourceId", required=True) != graph_principal_id(request.principal.tenant.id):
        raise not_found(str(fields["resourceId"]))
    user_id = _whose(request, fields)
    tenant_id = request.principal.tenant.id
    if any(grant.tenant_id == tenant_id and grant.principal_id == user_id for grant in application.scope_grants):
        raise GraphError(409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.")
    scopes = _scopes(text_of(fields, "scope") or "")
    grant = grant_scopes(request.world, application, tenant_id, scopes, user_id, actor(request))
    return created(request, "oauth2PermissionGrants/$entity", _row(application, grant))


def update(request: GraphRequest) -> Answer:
    """PATCH /oauth2PermissionGrants/{id}: `scope` alone can be changed, and is the whole new list."""
    require_write_grants(request)
    application, grant = _found(request)
    scopes = _scopes(text_of(fields_of(request, frozenset({"scope"}), _TYPE), "scope") or "")
    grant.scopes &= set(scopes)
    grant_scopes(request.world, application, grant.tenant_id, scopes, grant.principal_id, actor(request))
    return no_content()


def delete(request: GraphRequest) -> Answer:
    """DELETE /oauth2PermissionGrants/{id}"""
    require_write_grants(request)
    application, grant = _found(request)
    withdraw_grant(request.world, application, grant, actor(request))
    return no_content()


def _here(request: GraphRequest) -> list[Found]:
    tenant_id = request.principal.tenant.id
    return [
        (application, grant)
        for application in request.world.applications.values()
        for grant in application.scope_grants
        if grant.tenant_id == tenant_id
    ]


def _found(request: GraphRequest) -> Found:
    for application, grant in _here(request):
        if grant.id == request.parameters[0]:
            return application, grant
    raise not_found(request.parameters[0])


def _client(request: GraphRequest, object_id: str) -> Application:
    for application in request.world.applications.values():
        if principal_id(application, request.principal.tenant.id) == object_id.lower():
            return application
    raise not_found(object_id)


def _whose(request: GraphRequest, fields: dict[str, object]) -> str | None:
    kind = text_of(fields, "consentType", required=True)
    if kind == "AllPrincipals":
        return None
    user_id = (text_of(fields, "principalId") or "").lower()
    if kind != "Principal" or user_id not in request.principal.tenant.users:
        raise wrong("principalId" if kind == "Principal" else "consentType")
    return user_id


def _scopes(text: str) -> list[str]:
    found = []
    for name in text.split():
        permission = scope_named(name)
        if permission is None:
            raise bad_request(f"The scope '{name}' does not exist on the resource.")
        found.append(permission.value)
    return found


def _row(application: Application, grant: ScopeGrant) -> dict[str, object]:
    return {
        "clientId": principal_id(application, grant.tenant_id),
        "consentType": "AllPrincipals" if grant.principal_id is None else "Principal",
        "id": grant.id,
        "principalId": grant.principal_id,
        "resourceId": graph_principal_id(grant.tenant_id),
        "scope": " ".join(sorted(grant.scopes)),
    }
