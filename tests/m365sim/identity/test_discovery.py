"""What libraries look up before they ask for a token."""

import pytest
import requests
from tests.contract import examples, needs_contract
from tests.m365sim.identity.test_refusals import refused
from tests.simulator import Simulator


def test_instance_discovery(simulator: Simulator, http: requests.Session) -> None:
    address = f"{simulator.login_url}/common/discovery/instance"
    endpoint = f"{simulator.login_url}/{simulator.tenant}/oauth2/v2.0/authorize"
    body = http.get(address, params={"api-version": "1.1", "authorization_endpoint": endpoint}).json()
    assert body["tenant_discovery_endpoint"].endswith(f"/{simulator.tenant}/v2.0/.well-known/openid-configuration")
    assert body["metadata"][0]["aliases"] == [simulator.login_url.removeprefix("https://")]
    foreign = {"authorization_endpoint": "https://login.microsoftonline.com/common/oauth2/v2.0/authorize"}
    assert refused(http.get(address, params=foreign)) == (50049, 400, "invalid_instance")
    assert refused(http.get(address))[0] == 900144


@pytest.mark.parametrize("name", ["common", "organizations", "consumers"])
def test_shared_tenants_keep_a_placeholder_as_issuer(simulator: Simulator, http: requests.Session, name: str) -> None:
    body = http.get(f"{simulator.login_url}/{name}/v2.0/.well-known/openid-configuration").json()
    assert body["issuer"] == f"{simulator.login_url}/{{tenantid}}/v2.0"
    assert body["token_endpoint"] == f"{simulator.login_url}/{name}/oauth2/v2.0/token"


def test_a_tenants_configuration(simulator: Simulator, http: requests.Session) -> None:
    by_domain, by_id = (
        http.get(f"{simulator.login_url}/{name}/v2.0/.well-known/openid-configuration").json()
        for name in (simulator.tenant, simulator.tenant_id)
    )
    assert by_domain == by_id
    assert by_id["msgraph_host"] == simulator.graph_url.removeprefix("https://")


def test_unknown_tenants(simulator: Simulator, http: requests.Session) -> None:
    address = f"{simulator.login_url}/{{}}/v2.0/.well-known/openid-configuration"
    assert refused(http.get(address.format("nobody.example"))) == (90002, 400, "invalid_tenant")
    assert refused(http.get(address.format("nobody")))[0] == 900023


@needs_contract
def test_the_keys_have_the_published_form(simulator: Simulator, http: requests.Session) -> None:
    [published] = examples("oauth-jwks-common")
    ours = http.get(f"{simulator.login_url}/common/discovery/v2.0/keys").json()
    assert set(ours) == {"keys"}
    for key in published["response"]["body"]["keys"]:
        assert set(key) <= set(ours["keys"][0])
