"""PATCH /admin/reportSettings (adminreportsettings-update.md) and /me."""

from m365sim.graph import users
from m365sim.graph.errors import GraphError, denied
from m365sim.graph.odata import SELECT_ONLY, options_of, selection_of
from m365sim.graph.payload import fields_of, no_content, wrong
from m365sim.graph.permissions import require_sign_ins
from m365sim.graph.request import Answer, GraphRequest, entity
from m365sim.graph.user_schema import USER
from m365sim.graph.write_access import actor, permissions_of, require_write_report_settings
from m365sim.registrations import set_report_concealment

_TYPE = "microsoft.graph.adminReportSettings"
_OWN_PROFILE = frozenset({"User.Read", "User.Read.All", "User.ReadBasic.All", "Directory.Read.All"})


def update(request: GraphRequest) -> Answer:
    """PATCH /admin/reportSettings: 204."""
    require_write_report_settings(request)
    fields = fields_of(request, frozenset({"displayConcealedNames"}), _TYPE)
    value = fields.get("displayConcealedNames")
    if not isinstance(value, bool):
        raise wrong("displayConcealedNames")
    set_report_concealment(request.world, request.principal.tenant.id, value, actor(request))
    return no_content()


def me(request: GraphRequest) -> Answer:
    """GET /me: one's own user, for whoever signed in with User.Read or more."""
    user_id = request.principal.user_id
    if user_id is None:
        raise GraphError(400, "BadRequest", "/me request is only valid with delegated authentication flow.")
    if permissions_of(request).isdisjoint(_OWN_PROFILE):
        raise denied()
    options = options_of(request, SELECT_ONLY)
    selection = selection_of(options.get("$select"), USER, collection=False)
    if users.asks_for_sign_ins(options):
        require_sign_ins(request)
    user = users.user_of(request.tenant, user_id)
    return entity(request, f"users{selection.context}/$entity", selection.row(request.tenant, user))
