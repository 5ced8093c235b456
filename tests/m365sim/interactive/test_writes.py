"""Registrations, service principals, consent and settings by Graph."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.contract import CONTRACT
from tests.m365sim.browser import Browser
from tests.m365sim.interactive.connecting import GUIDE, Connecting, claims_of
from tests.simulator import Simulator

GRAPH = "00000003-0000-0000-c000-000000000000"
SETUP = (
    "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All DelegatedPermissionGrant.ReadWrite.All "
    "ReportSettings.ReadWrite.All User.Read"
)


@pytest.fixture
def setup_as(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser
) -> Callable[[str], "Caller"]:
    """Graph as somebody uses it who sets up an application: the public client with the rights to write."""
    connecting = connecting_as(simulator.application("public client")["client_id"], None)
    browser.open(
        connecting.address("v2.0/adminconsent"),
        {"client_id": connecting.client_id, "redirect_uri": "http://localhost", "scope": SETUP},
    )
    connecting.sign_in(browser, "global_administrator")
    browser.press("Accept")

    def call_as(name: str) -> Caller:
        address = "http://localhost:9"
        code = connecting.code(browser, name, scope=SETUP, prompt="login", redirect_uri=address)
        answer = connecting.redeem_code(code, redirect_uri=address)
        assert answer.status_code == 200, answer.text
        return Caller(connecting, answer.json()["access_token"])

    return call_as


class Caller:
    def __init__(self, connecting: Connecting, token: str) -> None:
        self.connecting = connecting
        self.token = token

    def ask(self, method: str, path: str, body: object = None, status: int = 200) -> Any:
        answer = self.connecting.graph(self.token, path, method, json=body)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text[:500])
        return answer.json() if answer.content else None

    def make(self, **fields: object) -> dict[str, Any]:
        made: dict[str, Any] = self.ask("POST", "applications", {"displayName": "Made by API", **fields}, 201)
        return made


def permission_ids(caller: Caller) -> tuple[dict[str, Any], dict[str, str], dict[str, str]]:
    """Graph's service principal, its roles and its scopes by name."""
    graph = caller.ask("GET", f"servicePrincipals(appId='{GRAPH}')")
    roles = {role["value"]: role["id"] for role in graph["appRoles"]}
    return graph, roles, {scope["value"]: scope["id"] for scope in graph["oauth2PermissionScopes"]}


def test_an_application_is_set_up_by_graph_and_works(
    setup_as: Callable[[str], Caller], connecting_as: Callable[..., Connecting]
) -> None:
    caller = setup_as("global_administrator")
    graph, roles, scopes = permission_ids(caller)
    assert roles["Directory.Read.All"] == "7ab1d382-f21e-4acd-a863-ba3e13f7da61"
    access = [{"id": roles[name], "type": "Role"} for name in GUIDE]
    access += [{"id": scopes["User.Read"], "type": "Scope"}]
    made = caller.make(
        signInAudience="AzureADMyOrg",
        web={"redirectUris": ["https://stocktake.example/callback"]},
        requiredResourceAccess=[{"resourceAppId": GRAPH, "resourceAccess": access}],
    )
    assert made["web"]["redirectUris"] == ["https://stocktake.example/callback"]
    secret = caller.ask(
        "POST", f"applications/{made['id']}/addPassword", {"passwordCredential": {"displayName": "first"}}
    )
    shown = caller.ask("GET", f"applications(appId='{made['appId']}')")["passwordCredentials"][0]
    assert (shown["secretText"], shown["hint"]) == (None, secret["secretText"][:3])
    connecting = connecting_as(made["appId"], secret["secretText"])
    lacking = connecting.redeem(grant_type="client_credentials", scope="https://graph.microsoft.com/.default")
    assert lacking.json()["error_codes"] == [7000229]
    principal = caller.ask("POST", "servicePrincipals", {"appId": made["appId"]}, 201)
    found = caller.ask("GET", f"servicePrincipals?$filter=appId eq '{made['appId']}'&$select=id,appId")["value"]
    assert found == [{"id": principal["id"], "appId": made["appId"]}]
    for name in GUIDE:
        assigned = {"principalId": principal["id"], "resourceId": graph["id"], "appRoleId": roles[name]}
        caller.ask("POST", f"servicePrincipals/{graph['id']}/appRoleAssignedTo", assigned, 201)
    held = caller.ask("GET", f"servicePrincipals/{principal['id']}/appRoleAssignments")["value"]
    assert {row["appRoleId"] for row in held} == {roles[name] for name in GUIDE}
    answer = connecting.redeem(grant_type="client_credentials", scope="https://graph.microsoft.com/.default")
    assert claims_of(answer.json()["access_token"])["roles"] == sorted(GUIDE)
    caller.ask("DELETE", f"servicePrincipals/{principal['id']}/appRoleAssignments/{held[0]['id']}", status=204)
    answer = connecting.redeem(grant_type="client_credentials", scope="https://graph.microsoft.com/.default")
    assert len(claims_of(answer.json()["access_token"])["roles"]) == 3
    caller.ask("POST", f"applications/{made['id']}/removePassword", {"keyId": secret["keyId"]}, 204)
    assert caller.ask("GET", f"applications/{made['id']}")["passwordCredentials"] == []
    caller.ask("DELETE", f"applications/{made['id']}", status=204)
    caller.ask("GET", f"applications/{made['id']}", status=404)
    actions = [entry["action"] for entry in caller.connecting.simulator.control("audit")]
    for action in ("Add application", "Add password", "Add app role assignment", "Delete application"):
        assert action in actions


def test_grants(setup_as: Callable[[str], Caller]) -> None:
    caller = setup_as("cloud_application_administrator")
    graph, _, _ = permission_ids(caller)
    made = caller.make()
    principal = caller.ask("POST", "servicePrincipals", {"appId": made["appId"]}, 201)["id"]
    wanted = {"clientId": principal, "consentType": "AllPrincipals", "resourceId": graph["id"], "scope": "User.Read"}
    grant = caller.ask("POST", "oauth2PermissionGrants", wanted, 201)
    caller.ask("POST", "oauth2PermissionGrants", wanted, 409)
    caller.ask("PATCH", f"oauth2PermissionGrants/{grant['id']}", {"scope": "User.Read.All Group.Read.All"}, 204)
    shown = caller.ask("GET", f"oauth2PermissionGrants?$filter=clientId eq '{principal}'")["value"]
    assert [row["scope"] for row in shown] == ["Group.Read.All User.Read.All"]
    assert caller.ask("GET", f"servicePrincipals/{principal}/oauth2PermissionGrants")["value"] == shown
    caller.ask("DELETE", f"oauth2PermissionGrants/{grant['id']}", status=204)
    caller.ask("GET", f"oauth2PermissionGrants/{grant['id']}", status=404)


def test_certificates(setup_as: Callable[[str], Caller], simulator: Simulator) -> None:
    caller = setup_as("application_administrator")
    made = caller.make()
    pem = simulator.certificate_pem
    pem = pem[pem.index("-----BEGIN CERTIFICATE-----") :]
    body = "".join(line for line in pem.splitlines() if "-----" not in line)
    key = {"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": "ours", "key": body}
    caller.ask("PATCH", f"applications/{made['id']}", {"keyCredentials": [key]}, 204)
    kept = caller.ask("GET", f"applications/{made['id']}")["keyCredentials"]
    assert len(base64.b64decode(kept[0]["customKeyIdentifier"])) == 20
    assert kept[0]["key"] is None
    caller.ask("PATCH", f"applications/{made['id']}", {"keyCredentials": [*kept, key]}, 204)
    assert len(caller.ask("GET", f"applications/{made['id']}")["keyCredentials"]) == 2
    broken = {**key, "key": base64.b64encode(b"no certificate").decode()}
    caller.ask("PATCH", f"applications/{made['id']}", {"keyCredentials": [broken]}, 400)


def test_who_may_not(setup_as: Callable[[str], Caller], simulator: Simulator) -> None:
    user = setup_as("user")
    graph, roles, _ = permission_ids(user)
    own = user.make()
    user.ask("POST", f"applications/{own['id']}/addPassword", {}, 200)
    user.ask("PATCH", "admin/reportSettings", {"displayConcealedNames": True}, 403)
    setup_as("cloud_application_administrator").ask(
        "PATCH", "admin/reportSettings", {"displayConcealedNames": True}, 403
    )
    other = next(row for row in user.ask("GET", "applications")["value"] if row["appId"] == simulator.client_id)
    assert user.ask("POST", f"applications/{other['id']}/addPassword", {}, 403)["error"]["code"] == (
        "Authorization_RequestDenied"
    )
    user.ask("DELETE", f"applications/{other['id']}", status=403)
    administrator = setup_as("application_administrator")
    administrator.ask("POST", f"applications/{other['id']}/addPassword", {}, 200)
    principal = administrator.ask("GET", f"servicePrincipals(appId='{simulator.client_id}')")["id"]
    assigned = {
        "principalId": principal,
        "resourceId": graph["id"],
        "appRoleId": roles["Application.ReadWrite.All"],
    }
    administrator.ask("POST", f"servicePrincipals/{principal}/appRoleAssignments", assigned, 403)
    simulator.control("rules", {"tenant": simulator.tenant, "users_may_register": False})
    user.ask("POST", "applications", {"displayName": "Another"}, 403)


def test_report_settings(setup_as: Callable[[str], Caller], simulator: Simulator) -> None:
    caller = setup_as("global_administrator")
    caller.ask("PATCH", "admin/reportSettings", {"displayConcealedNames": True}, 204)
    assert simulator.control("state")["conceal_names"] is True
    caller.ask("PATCH", "admin/reportSettings", {"displayConcealedNames": "yes"}, 400)
    caller.ask("PATCH", "admin/reportSettings", {"displayConcealedNames": False}, 204)
    entries = [entry for entry in simulator.control("audit") if entry["action"] == "Update report settings"]
    assert [entry["detail"] for entry in entries] == ["displayConcealedNames=true", "displayConcealedNames=false"]
    assert entries[0]["actor"] == simulator.person("global_administrator")["user_principal_name"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "applications", {}, 400),
        ("POST", "applications", {"displayName": "x", "signInAudience": "Everybody"}, 400),
        ("POST", "applications", {"displayName": "x", "colour": "red"}, 400),
        ("POST", "servicePrincipals", {"appId": "00000000-1111-2222-3333-444444444444"}, 400),
        ("PUT", "applications", {}, 405),
        ("DELETE", "users", None, 405),
        ("GET", "applications?$filter=displayName gt 'x'", None, 400),
        ("GET", "applications?$select=colour", None, 400),
        ("GET", "servicePrincipals/00000000-1111-2222-3333-444444444444", None, 404),
    ],
)
def test_what_graph_refuses(
    setup_as: Callable[[str], Caller], method: str, path: str, body: object, status: int
) -> None:
    answer = setup_as("global_administrator").ask(method, path, body, status)
    assert answer["error"].keys() >= {"code", "message", "innerError"}


def test_shapes_are_those_of_the_documentation(setup_as: Callable[[str], Caller]) -> None:
    if not CONTRACT.is_dir():
        pytest.skip("the contract is not beside the checkout")
    caller = setup_as("global_administrator")
    made = caller.make()
    caller.ask("POST", "servicePrincipals", {"appId": made["appId"]}, 201)
    application = example("application-get.1")
    ours = caller.ask("GET", f"applications/{made['id']}")
    assert set(application) - {"parentalControlSettings", "info"} <= set(ours)
    assert set(application["web"]) <= set(ours["web"])
    principal = example("serviceprincipal-get.1")
    ours = caller.ask("GET", f"servicePrincipals(appId='{made['appId']}')")
    assert set(principal) - {"info", "publisherName", "endpoints"} <= set(ours)


def example(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((CONTRACT / "examples" / f"{name}.json").read_text())["response"]["body"]
    return found
