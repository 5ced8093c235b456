"""/directoryRoles and their members, read side (directoryrole-list.md, directoryrole-list-members.md): no paging."""

from m365sim.activated_roles import ActivatedRole, activated_roles
from m365sim.graph.errors import not_found
from m365sim.graph.odata import SELECT_ONLY, options_of
from m365sim.graph.permissions import allows, require
from m365sim.graph.queries import answer_rows, entity_row
from m365sim.graph.request import Answer, GraphRequest, entity, whole
from m365sim.graph.users import selected

_TYPE = "microsoft.graph.directoryRole"


def collection(request: GraphRequest) -> Answer:
    """GET /directoryRoles"""
    require(request, "directoryRoles")
    roles = activated_roles(request.world, request.tenant)
    return answer_rows(request, "directoryRoles", _TYPE, [_row(role) for role in roles])


def one(request: GraphRequest) -> Answer:
    """GET /directoryRoles/{id} and /directoryRoles/roleTemplateId=…"""
    require(request, "directoryRoles")
    chosen, context = entity_row(request, _row(_role(request)), _TYPE)
    return entity(request, f"directoryRoles{context}/$entity", chosen)


def members(request: GraphRequest) -> Answer:
    """GET /directoryRoles/{id}/members: without a permission that reads users, their ids alone."""
    require(request, "directoryRoles")
    role, tenant = _role(request), request.tenant
    options = options_of(request, SELECT_ONLY)
    users = [tenant.users[user_id] for user_id in role.member_ids]
    if allows(request.principal, "users"):
        projection = selected(request, options)
        rows = [{"@odata.type": "#microsoft.graph.user", **projection.row(tenant, user)} for user in users]
    else:
        rows = [{"@odata.type": "#microsoft.graph.user", "id": user.id} for user in users]
    return whole(request, "directoryObjects", rows)


def _role(request: GraphRequest) -> ActivatedRole:
    wanted = request.parameters[0].lower()
    for role in activated_roles(request.world, request.tenant):
        if wanted in {role.id, f"roletemplateid={role.template_id}", f"roletemplateid='{role.template_id}'"}:
            return role
    raise not_found(request.parameters[0])


def _row(role: ActivatedRole) -> dict[str, object]:
    return {
        "id": role.id,
        "deletedDateTime": None,
        "description": f"Members may act as {role.name}.",
        "displayName": role.name,
        "roleTemplateId": role.template_id,
    }
