"""Calling the token endpoint by hand, and signing assertions by hand."""

import time
import uuid
from base64 import urlsafe_b64encode
from typing import Any

import msal
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from joserfc import jwt
from joserfc.jwk import RSAKey
from tests.simulator import Simulator

SCOPE = "https://graph.microsoft.com/.default"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def token_url(simulator: Simulator, tenant: str | None = None) -> str:
    return f"{simulator.login_url}/{tenant or simulator.tenant_id}/oauth2/v2.0/token"


def post(http: requests.Session, simulator: Simulator, tenant: str | None = None, **fields: str | None) -> Any:
    """A well-formed request for the default application, with these fields changed; None leaves one out."""
    form: dict[str, str | None] = {
        "grant_type": "client_credentials",
        "client_id": simulator.client_id,
        "client_secret": simulator.client_secret,
        "scope": SCOPE,
        **fields,
    }
    sent = {name: value for name, value in form.items() if value is not None}
    return http.post(token_url(simulator, tenant), data=sent, timeout=30)


def bearer(http: requests.Session, simulator: Simulator, **fields: str | None) -> str:
    answer = post(http, simulator, **fields)
    assert answer.status_code == 200, answer.text
    return f"Bearer {answer.json()['access_token']}"


def assertion(simulator: Simulator, *, algorithm: str = "RS256", thumbprint: str = "x5t", **claims: Any) -> str:
    """A client assertion of the planted certificate with these claims changed; None leaves one out.

    `thumbprint` is the header that names the certificate; empty for none.
    """
    now = int(time.time())
    whole = {
        "aud": token_url(simulator),
        "iss": simulator.client_id,
        "sub": simulator.client_id,
        "jti": str(uuid.uuid4()),
        "nbf": now,
        "iat": now,
        "exp": now + 600,
        **claims,
    }
    certificate = x509.load_pem_x509_certificate(simulator.certificate_pem.encode())
    kind = hashes.SHA256() if thumbprint == "x5t#S256" else hashes.SHA1()  # noqa: S303  # an identifier
    header = {"typ": "JWT", "alg": algorithm}
    if thumbprint:
        header[thumbprint] = _text(certificate.fingerprint(kind))
    claimed = {name: value for name, value in whole.items() if value is not None}
    return jwt.encode(header, claimed, RSAKey.import_key(private_pem(simulator)), algorithms=[algorithm])


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).decode().rstrip("=")


def private_pem(simulator: Simulator) -> str:
    return simulator.certificate_pem.partition("-----BEGIN CERTIFICATE-----")[0]


def msal_client(
    http: requests.Session,
    simulator: Simulator,
    credential: object,
    tenant: str | None = None,
    client_id: str | None = None,
) -> msal.ConfidentialClientApplication:
    """MSAL over this session, for its own would heed REQUESTS_CA_BUNDLE of the machine."""
    return msal.ConfidentialClientApplication(
        client_id or simulator.client_id,
        client_credential=credential,
        authority=f"{simulator.login_url}/{tenant or simulator.tenant}",
        instance_discovery=False,
        http_client=http,
    )
