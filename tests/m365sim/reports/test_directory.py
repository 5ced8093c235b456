"""The oracle's further datasets against the endpoints: deleted users, directory roles, service principals."""

from tests.m365sim.graph.asking import Graph
from tests.simulator import Simulator

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"


def test_deleted_users(graph: Graph, simulator: Simulator) -> None:
    truth = {row["id"]: row for row in simulator.oracle("deleted_users")}
    listed = graph.rows("directory/deletedItems/microsoft.graph.user?$select=id,department,deletedDateTime")
    assert {row["id"] for row in listed} == truth.keys()
    for row in listed:
        assert row["deletedDateTime"] == truth[row["id"]]["deleted_at"]
        assert row["department"] == truth[row["id"]]["department"]
    assert list(next(iter(truth.values()))) == [*simulator.oracle("users")[0], "deleted_at"]


def test_directory_roles(graph: Graph, simulator: Simulator) -> None:
    truth = {row["role_template_id"]: row for row in simulator.oracle("directory_roles")}
    roles = graph.rows("directoryRoles")
    assert {role["roleTemplateId"] for role in roles} == truth.keys()
    for role in roles:
        members = graph.rows(f"directoryRoles/{role['id']}/members?$select=id,displayName")
        assert [member["id"] for member in members] == truth[role["roleTemplateId"]]["member_ids"]
        assert role["displayName"] == truth[role["roleTemplateId"]]["display_name"]
        assert all(member["@odata.type"] == "#microsoft.graph.user" and member["displayName"] for member in members)
    assert truth[GLOBAL_ADMINISTRATOR]["member_ids"] == [simulator.person("global_administrator")["user_id"]]


def test_a_role_by_its_template(graph: Graph) -> None:
    role = graph.json(f"directoryRoles/roleTemplateId={GLOBAL_ADMINISTRATOR}?$select=displayName")
    assert (role["displayName"], set(role)) == ("Global Administrator", {"@odata.context", "displayName", "id"})
    assert graph.refused("directoryRoles/00000000-0000-0000-0000-000000000000")[:2] == (404, "Request_ResourceNotFound")


def test_service_principals(graph: Graph, simulator: Simulator) -> None:
    truth = {row["id"]: row for row in simulator.oracle("service_principals")}
    listed = {row["id"]: row for row in graph.rows("servicePrincipals?$top=999")}
    assert truth
    assert truth.keys() <= listed.keys()
    graph_id = next(key for key, row in listed.items() if row["displayName"] == "Microsoft Graph")
    names = {role["id"]: role["value"] for role in listed[graph_id]["appRoles"]}
    for key, row in truth.items():
        held = graph.rows(f"servicePrincipals/{key}/appRoleAssignments")
        assert sorted(names[item["appRoleId"]] for item in held) == row["application_permissions"]
        assert listed[key]["appId"] == row["app_id"]
    assert all(row["application_permissions"] or row["delegated_permissions"] for row in truth.values())
