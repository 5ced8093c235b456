"""Tokens by Microsoft's own libraries and by hand; what is in them, and what Graph makes of them."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from typing import Any

import pytest
import requests
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import CertificateCredential, ClientSecretCredential
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from joserfc import jwt
from joserfc.jwk import KeySet
from tests.m365sim.identity.signing_in import ASSERTION, SCOPE, assertion, bearer, msal_client, post, private_pem
from tests.simulator import Simulator

GUIDE = ["Directory.Read.All", "Group.Read.All", "Reports.Read.All", "User.Read.All"]


def claims_of(token: str) -> dict[str, Any]:
    payload = token.split(".")[1]
    found: dict[str, Any] = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    return found


def by_certificate(simulator: Simulator, *, sha256: bool) -> dict[str, str]:
    """MSAL signs with PS256 and x5t#S256 for a PEM alone, with RS256 and x5t where it is given a SHA-1 thumbprint."""
    certificate = x509.load_pem_x509_certificate(simulator.certificate_pem.encode())
    if sha256:
        return {"private_key": private_pem(simulator), "public_certificate": certificate_pem(simulator)}
    sha1 = certificate.fingerprint(hashes.SHA1()).hex()  # noqa: S303  # an identifier
    return {"private_key": private_pem(simulator), "thumbprint": sha1}


def certificate_pem(simulator: Simulator) -> str:
    return simulator.certificate_pem[simulator.certificate_pem.index("-----BEGIN CERTIFICATE") :]


CREDENTIALS: dict[str, Callable[[Simulator], object]] = {
    "secret": lambda simulator: simulator.client_secret,
    "certificate RS256": lambda simulator: by_certificate(simulator, sha256=False),
    "certificate PS256": lambda simulator: by_certificate(simulator, sha256=True),
}


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_msal_gets_a_token_that_graph_accepts(simulator: Simulator, http: requests.Session, kind: str) -> None:
    client = msal_client(http, simulator, CREDENTIALS[kind](simulator))
    answer = client.acquire_token_for_client([f"{simulator.graph_url}/.default"])
    assert "access_token" in answer, answer
    assert claims_of(answer["access_token"])["azpacr"] == ("1" if kind == "secret" else "2")
    listed = http.get(
        f"{simulator.graph_url}/v1.0/organization", headers={"Authorization": f"Bearer {answer['access_token']}"}
    )
    assert listed.status_code == 200


def test_msal_may_send_one_assertion_again(simulator: Simulator, http: requests.Session) -> None:
    client = msal_client(http, simulator, by_certificate(simulator, sha256=True))
    for _ in range(2):
        assert "access_token" in client.acquire_token_for_client([SCOPE])
        client.remove_tokens_for_client()


@pytest.mark.parametrize("kind", ["secret", "certificate"])
def test_azure_identity_gets_a_token(simulator: Simulator, kind: str) -> None:
    options: dict[str, Any] = {
        "authority": simulator.login_url,
        "disable_instance_discovery": True,
        "transport": RequestsTransport(connection_verify=str(simulator.ca_bundle)),
    }
    credential = (
        ClientSecretCredential(simulator.tenant_id, simulator.client_id, simulator.client_secret, **options)
        if kind == "secret"
        else CertificateCredential(
            simulator.tenant_id, simulator.client_id, certificate_data=simulator.certificate_pem.encode(), **options
        )
    )
    with credential:
        assert claims_of(credential.get_token(SCOPE).token)["appid"] == simulator.client_id


@pytest.mark.parametrize("algorithm", ["RS256", "PS256"])
@pytest.mark.parametrize("thumbprint", ["x5t", "x5t#S256"])
def test_each_form_of_an_assertion(
    simulator: Simulator, http: requests.Session, algorithm: str, thumbprint: str
) -> None:
    signed = assertion(simulator, algorithm=algorithm, thumbprint=thumbprint)
    answer = post(http, simulator, client_secret=None, client_assertion_type=ASSERTION, client_assertion=signed)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("form", ["{login}/{domain}/oauth2/v2.0/token", "{login}/{id}/v2.0", "{login}/{id}/"])
def test_each_audience_of_an_assertion(simulator: Simulator, http: requests.Session, form: str) -> None:
    audience = form.format(login=simulator.login_url, domain=simulator.tenant, id=simulator.tenant_id)
    signed = assertion(simulator, aud=audience)
    answer = post(http, simulator, client_secret=None, client_assertion_type=ASSERTION, client_assertion=signed)
    assert answer.status_code == 200, answer.text


def test_the_answer_has_the_published_shape(simulator: Simulator, http: requests.Session) -> None:
    answer = post(http, simulator)
    assert answer.headers["Content-Type"].startswith("application/json")
    assert "no-store" in answer.headers["Cache-Control"]
    body = answer.json()
    assert set(body) == {"token_type", "expires_in", "ext_expires_in", "access_token"}
    assert body["token_type"] == "Bearer"
    assert 3599 <= body["expires_in"] <= 5399


def test_the_claims_are_microsofts_and_the_published_keys_verify_them(
    simulator: Simulator, http: requests.Session
) -> None:
    token = post(http, simulator).json()["access_token"]
    configuration = http.get(f"{simulator.login_url}/{simulator.tenant}/v2.0/.well-known/openid-configuration").json()
    keys = http.get(configuration["jwks_uri"]).json()
    claims = jwt.decode(token, KeySet.import_key_set(keys), algorithms=["RS256"]).claims
    assert claims["aud"] == simulator.graph_url
    assert claims["iss"] == configuration["issuer"] == f"{simulator.login_url}/{simulator.tenant_id}/v2.0"
    assert claims["tid"] == simulator.tenant_id
    assert claims["appid"] == claims["azp"] == simulator.client_id
    assert claims["oid"] == claims["sub"]
    assert (claims["idtyp"], claims["ver"]) == ("app", "2.0")
    assert claims["roles"] == sorted(claims["roles"])
    assert set(GUIDE) < set(claims["roles"])
    assert "scp" not in claims
    assert claims["iat"] == claims["nbf"] < claims["exp"]


def test_basic_and_domain_names_work_as_well(simulator: Simulator, http: requests.Session) -> None:
    answer = http.post(
        f"{simulator.login_url}/{simulator.tenant.upper()}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials", "scope": f"{SCOPE} openid offline_access"},
        auth=(simulator.client_id, simulator.client_secret.replace("~", "%7E")),
    )
    assert answer.status_code == 200, answer.text


def test_without_consent_there_is_a_token_without_roles(simulator: Simulator, http: requests.Session) -> None:
    planted = simulator.application("no consent")
    token = bearer(http, simulator, client_id=planted["client_id"], client_secret=planted["client_secret"])
    assert "roles" not in claims_of(token.removeprefix("Bearer "))
    refused = http.get(f"{simulator.graph_url}/v1.0/users?$select=id", headers={"Authorization": token})
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "Authorization_RequestDenied"


@pytest.mark.parametrize("name", ["guide", "least", "without Reports.Read.All", "without Group.Read.All"])
def test_planted_registrations_carry_what_they_are_for(simulator: Simulator, http: requests.Session, name: str) -> None:
    planted = simulator.application(name)
    token = bearer(http, simulator, client_id=planted["client_id"], client_secret=planted["client_secret"])
    roles = set(claims_of(token.removeprefix("Bearer "))["roles"])
    if name == "guide":
        assert sorted(roles) == GUIDE
    missing = {"without Reports.Read.All": "reports/getOffice365ActiveUserDetail(period='D7')"}
    missing["without Group.Read.All"] = "groups?$select=id"
    for other, path in missing.items():
        answer = http.get(f"{simulator.graph_url}/v1.0/{path}", headers={"Authorization": token}, allow_redirects=False)
        assert (answer.status_code == 403) == (other == name), (path, answer.status_code)


def test_permissions_follow_the_control_plane(fresh: Simulator, http: requests.Session) -> None:
    fresh.control(f"applications/{fresh.client_id}", {"roles": ["User.Read.All"]})
    assert claims_of(bearer(http, fresh))["roles"] == ["User.Read.All"]
    fresh.control(f"applications/{fresh.client_id}", {"consented": False})
    assert "roles" not in claims_of(bearer(http, fresh))


def graph(http: requests.Session, simulator: Simulator, authorization: str | None) -> tuple[int, str, str]:
    headers = {} if authorization is None else {"Authorization": authorization}
    answer = http.get(f"{simulator.graph_url}/v1.0/organization", headers=headers)
    if answer.status_code == 200:
        return 200, "", ""
    error = answer.json()["error"]
    assert set(error["innerError"]) == {"date", "request-id", "client-request-id"}
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")
    return answer.status_code, error["code"], error["message"]


def test_a_token_expires_by_the_clock(fresh: Simulator, http: requests.Session) -> None:
    token = bearer(http, fresh)
    assert graph(http, fresh, token)[0] == 200
    fresh.control("clock", {"advance": 5401})
    expected = (401, "InvalidAuthenticationToken", "Lifetime validation failed, the token is expired.")
    assert graph(http, fresh, token) == expected
    assert graph(http, fresh, bearer(http, fresh))[0] == 200
    fresh.control("clock", {"advance": -5401})
    assert graph(http, fresh, token)[0] == 200


def test_the_lifetime_can_be_set(fresh: Simulator, http: requests.Session) -> None:
    fresh.control("tokens", {"lifetime": 30})
    answer = post(http, fresh).json()
    assert answer["expires_in"] == 29
    claims = claims_of(answer["access_token"])
    assert claims["exp"] - claims["iat"] == 30
    fresh.control("tokens", {"lifetime": None})
    assert post(http, fresh).json()["expires_in"] >= 3599


def test_tokens_that_graph_refuses(simulator: Simulator, http: requests.Session) -> None:
    empty = (401, "InvalidAuthenticationToken", "Access token is empty.")
    assert graph(http, simulator, None) == empty
    assert graph(http, simulator, "Basic eDp5") == empty
    assert graph(http, simulator, "Bearer nonsense")[2].startswith("IDX14100: JWT is not well formed")
    token = bearer(http, simulator)
    head, body, signature = token.split(".")
    wrong = ".".join([head, body, ("A" if signature[0] != "A" else "B") + signature[1:]])
    assert graph(http, simulator, wrong)[2] == "Signature is invalid."
    foreign = f"Bearer {assertion(simulator, aud=simulator.graph_url)}"
    assert graph(http, simulator, foreign)[2] == "Signature is invalid."


def test_an_id_token_is_not_for_graph(simulator: Simulator, http: requests.Session) -> None:
    """Rightly signed, but made for the application itself: the wrong audience."""
    claims = {"aud": simulator.client_id, "tid": simulator.tenant_id, "exp": int(time.time()) + 600}
    signed = simulator.control("sign", claims)["token"]
    expected = (401, "InvalidAuthenticationToken", "Access token validation failure. Invalid audience.")
    assert graph(http, simulator, f"Bearer {signed}") == expected
