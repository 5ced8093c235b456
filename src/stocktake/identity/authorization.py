"""Asking Microsoft for consent or for a sign-in, and making sense of what comes back.

Admin consent: entra-docs v2-admin-consent.md@0ec14b1a (an error comes with `admin_consent=True` beside it, so the error
is looked at first). Sign-in: v2-oauth2-auth-code-flow.md@0c1ac842 with PKCE. The id_token comes straight from the token
endpoint over TLS, so its signature need not be checked (OpenID Connect Core 3.1.3.7, point 6); its claims are.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

from stocktake.errors import ConfigurationError
from stocktake.identity.aadsts import refusal, refuse_tenant_form
from stocktake.identity.applications import Application
from stocktake.identity.clouds import Cloud
from stocktake.identity.entra_http import EntraHttp, RepeatableError
from stocktake.identity.grants import Grant
from stocktake.identity.keeping import TokenPatience, given_up
from stocktake.identity.pkce import challenge_of
from stocktake.identity.tokens import msal_client, sign_in_of

T = TypeVar("T")

REDIRECT_PATH = "/connectors/microsoft-365/authorize"  # registered at Microsoft as a Web redirect URI
_SIGN_IN_SCOPES = ("openid", "profile", "offline_access")
_SKEW_S = 300
_AGAIN = "Authorize again"


@dataclass(frozen=True, slots=True)
class Errand:
    """What an authorisation is about; `tenant_id` is that of `tenant`, `scopes` matter to a sign-in only."""

    cloud: Cloud
    tenant: str
    tenant_id: str
    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A redeemed sign-in: whose, and what it left us."""

    granted_by: str
    tenant_id: str
    grant: Grant = field(repr=False)


def default_scope(cloud: Cloud) -> str:
    """Everything that the registration lists (entra-docs scopes-oidc.md, the .default scope)."""
    return f"{cloud.graph_url}/.default"


def consent_address(errand: Errand, state: str) -> str:
    """Where an administrator consents, for the whole tenant, to what the registration lists."""
    query = {
        "client_id": errand.client_id,
        "scope": default_scope(errand.cloud),
        "redirect_uri": errand.redirect_uri,
        "state": state,
    }
    return f"{errand.cloud.login_url}/{errand.tenant}/v2.0/adminconsent?{urlencode(query)}"


def sign_in_address(errand: Errand, state: str, nonce: str, verifier: str) -> str:
    """Where a person signs in and consents for themself.

    `select_account`: a browser that is signed in as somebody else must not decide who is seen through.
    """
    query = {
        "client_id": errand.client_id,
        "response_type": "code",
        "redirect_uri": errand.redirect_uri,
        "response_mode": "query",
        "scope": " ".join((*_SIGN_IN_SCOPES, *errand.scopes)),
        "state": state,
        "nonce": _nonce_sent(nonce),
        "prompt": "select_account",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    return f"{errand.cloud.login_url}/{errand.tenant}/oauth2/v2.0/authorize?{urlencode(query)}"


def tenant_id_of(cloud: Cloud, tenant: str, client_id: str) -> str:
    """The id of a tenant that was named by a domain, from OpenID discovery.

    ConfigurationError: no such tenant in this cloud; UsageError: a name that can't be a tenant's.
    """
    refuse_tenant_form(tenant)
    sign_in = sign_in_of(cloud, tenant, client_id)

    def ask() -> str:
        with EntraHttp(cloud.login_url, cloud.ca_bundle, sign_in) as http:
            answer = http.get(f"{cloud.login_url}/{tenant}/v2.0/.well-known/openid-configuration").json()
        found = urlsplit(str(answer.get("issuer", ""))).path.strip("/").split("/")[0]
        if not found:
            raise RepeatableError(f"{urlsplit(cloud.login_url).hostname} does not say which tenant {tenant} is")
        return found

    return patiently(ask)


def consented(errand: Errand, answer: Mapping[str, str]) -> None:
    """Judge what came back from the consent page. ConfigurationError where there was no consent for this tenant."""
    refuse_error(errand, answer)
    if answer.get("admin_consent", "").lower() != "true":
        raise ConfigurationError("Microsoft's answer does not say that anybody consented", _AGAIN)
    tenant = answer.get("tenant", "")
    if tenant.lower() not in (errand.tenant_id.lower(), errand.tenant.lower()):
        raise ConfigurationError(
            f"the consent is for tenant {tenant or 'unknown'}, and the connector is for {errand.tenant}",
            f"{_AGAIN} and sign in as an administrator of {errand.tenant}",
        )


def refuse_error(errand: Errand, answer: Mapping[str, str]) -> None:
    """ConfigurationError where Microsoft sent an error back, whatever else stands beside it."""
    error = answer.get("error", "")
    if not error:
        return
    found = refusal(answer, sign_in_of(errand.cloud, errand.tenant, errand.client_id))
    if found.code in ("access_denied", "permission_denied"):
        raise ConfigurationError(
            "the consent was declined, or the account may not give it",
            f"{_AGAIN}, sign in as an administrator who may consent, and accept",
            code=found.code,
        )
    raise found


def redeem(errand: Errand, application: Application, code: str, nonce: str, verifier: str) -> SignedIn:
    """Exchange the code for a refresh token, and see that it is of this sign-in and of this tenant.

    ConfigurationError for what Microsoft refuses and for a sign-in that is not ours; TransientError for a login host
    that keeps failing.
    """
    sign_in = sign_in_of(errand.cloud, errand.tenant, application.client_id)
    flow = {
        "state": "matched",  # whoever calls has found the authorisation by its state
        "redirect_uri": errand.redirect_uri,
        "scope": [*_SIGN_IN_SCOPES, *errand.scopes],
        "code_verifier": verifier,
        "nonce": nonce,
    }

    def ask() -> Mapping[str, Any]:
        with EntraHttp(errand.cloud.login_url, errand.cloud.ca_bundle, sign_in) as http:
            client = msal_client(http, errand.cloud, errand.tenant, application)
            try:
                result = client.acquire_token_by_auth_code_flow(flow, {"code": code, "state": flow["state"]})
            except RuntimeError:  # what MSAL raises for a nonce that differs
                raise _other_sign_in() from None
        return result if isinstance(result, dict) else {}

    result = patiently(ask)
    if "access_token" not in result:
        raise refusal(result, sign_in)
    claims = result.get("id_token_claims")
    granted_by, tenant_id = _identity(errand, application, claims if isinstance(claims, dict) else {}, nonce)
    refresh_token = result.get("refresh_token")
    if not isinstance(refresh_token, str) or not refresh_token:
        raise ConfigurationError(
            "Microsoft gave no refresh token, so that the authorisation would end within the hour",
            f"{_AGAIN} and accept 'Maintain access to data you have given it access to'",
        )
    return SignedIn(granted_by, tenant_id, Grant(refresh_token, errand.scopes))


def _nonce_sent(nonce: str) -> str:
    """The hash of it, as MSAL sends and expects it: whoever sees the address does not learn the nonce."""
    return sha256(nonce.encode("ascii")).hexdigest()


def _other_sign_in() -> ConfigurationError:
    return ConfigurationError("the answer belongs to another sign-in (the nonce differs)", _AGAIN)


def _identity(errand: Errand, application: Application, claims: Mapping[str, Any], nonce: str) -> tuple[str, str]:
    """(sign-in name, tenant id) of an id_token that is for us, of now and of the right tenant."""
    if claims.get("nonce") != _nonce_sent(nonce):
        raise _other_sign_in()
    if str(claims.get("aud", "")).lower() != application.client_id.lower():
        raise ConfigurationError("the answer was made for another application", _AGAIN)
    if float(claims.get("exp", 0)) + _SKEW_S < time.time():
        raise ConfigurationError("the answer had expired before it came", "Set this machine's clock by NTP")
    tenant_id = str(claims.get("tid", ""))
    name = str(claims.get("preferred_username") or claims.get("upn") or claims.get("oid") or "")
    if tenant_id.lower() != errand.tenant_id.lower():
        raise ConfigurationError(
            f"{name or 'the account'} signed in to tenant {tenant_id or 'unknown'}, and the connector is for "
            f"{errand.tenant}",
            f"{_AGAIN} with an account of {errand.tenant}",
        )
    return name, tenant_id


def patiently(ask: Callable[[], T], patience: TokenPatience | None = None) -> T:
    """Call `ask` until it does not raise RepeatableError, a few times; it blocks, so call it in a thread."""
    patience = patience or TokenPatience(first_tries=3)
    for failures in range(1, patience.first_tries + 1):
        try:
            return ask()
        except RepeatableError as problem:
            if failures == patience.first_tries:
                raise given_up(problem) from None
            time.sleep(max(patience.backoff_s(failures), min(problem.retry_after_s or 0.0, patience.cap_s)))
    raise AssertionError("unreachable")
