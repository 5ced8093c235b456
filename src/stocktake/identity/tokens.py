"""Access tokens for an application, by MSAL; kept in memory only.

Client credentials: entra-docs v2-oauth2-client-creds-grant-flow.md. Tokens of Microsoft Graph are opaque
(access-tokens.md); `diagnose` reads them to explain, never to decide.
"""

import base64
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from stocktake.identity.aadsts import SignIn, refusal, refuse_tenant_form
from stocktake.identity.applications import Application
from stocktake.identity.clouds import Cloud
from stocktake.identity.credentials import Certificate, ClientSecret, Credential
from stocktake.identity.entra_http import EntraHttp
from stocktake.identity.keeping import Kept, TokenKeeper, TokenPatience

__all__ = ["EntraTokens", "TokenFacts", "TokenPatience", "diagnose", "msal_client", "sign_in_of"]


class EntraTokens:
    """A token source of graph.client for one application in one tenant; for one event loop.

    Errors: ConfigurationError for what a person has to mend (with the AADSTS code), TransientError for a login host
    that keeps failing, UsageError for a name that can't be a tenant.
    """

    def __init__(
        self,
        cloud: Cloud,
        tenant: str,
        client_id: str,
        credential: Credential,
        *,
        patience: TokenPatience | None = None,
    ) -> None:
        refuse_tenant_form(tenant)
        self._cloud = cloud
        self._tenant = tenant
        self._application = Application(client_id, credential)
        self._sign_in = sign_in_of(cloud, tenant, client_id)
        self._keeper = TokenKeeper(self._ask, patience)

    def __repr__(self) -> str:
        return f"EntraTokens({self._cloud.name}, {self._tenant}, {self._application!r})"

    async def token(self, *, claims: str | None = None) -> str:
        """As TokenKeeper.token."""
        return await self._keeper.token(claims=claims)

    def _ask(self, claims: str | None) -> Kept:
        asked_at = time.monotonic()
        with EntraHttp(self._cloud.login_url, self._cloud.ca_bundle, self._sign_in) as http:
            client = msal_client(http, self._cloud, self._tenant, self._application)
            result = client.acquire_token_for_client([f"{self._cloud.graph_url}/.default"], claims_challenge=claims)
        if not isinstance(result, dict) or not isinstance(result.get("access_token"), str):
            raise refusal(result or {}, self._sign_in)
        return Kept.of(result, asked_at)


def msal_client(http: EntraHttp, cloud: Cloud, tenant: str, application: Application) -> Any:  # noqa: ANN401 - MSAL has no types
    """MSAL for one try, which runs in a thread. A new one each time: its caches would repeat the last refusal."""
    import msal  # type: ignore[import-untyped]  # slow to import, and only needed here

    return msal.ConfidentialClientApplication(
        application.client_id,
        client_credential=_for_msal(application.credential),
        authority=f"{cloud.login_url}/{tenant}",
        http_client=http,
        instance_discovery=False,  # the cloud says which host to ask; nothing is to be looked up elsewhere
        client_capabilities=["cp1"],  # we answer claims challenges (continuous access evaluation)
    )


def sign_in_of(cloud: Cloud, tenant: str, client_id: str) -> SignIn:
    return SignIn(client_id, tenant, urlsplit(cloud.graph_url).hostname or "")


def _for_msal(credential: Credential) -> str | dict[str, str]:
    match credential:
        case ClientSecret(value=value):
            return value
        case Certificate():
            credential.refuse_expired()
            return {
                "private_key": credential.private_key_pem,
                "public_certificate": credential.certificate_pem,
            }


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What a token says of itself, unverified; absent claims are empty."""

    roles: frozenset[str]  # application permissions
    scopes: frozenset[str]  # delegated permissions
    tenant_id: str
    app_id: str
    expires_at: datetime | None


def diagnose(token: str) -> TokenFacts:
    """Read a token without verifying it, for diagnosis only; a token in another form gives empty facts."""
    try:
        part = token.split(".")[1]
        claims = msgspec.json.decode(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)), type=dict[str, Any])
    except (IndexError, ValueError):
        claims = {}
    roles = claims.get("roles")
    expires = claims.get("exp")
    return TokenFacts(
        roles=frozenset(role for role in roles if isinstance(role, str)) if isinstance(roles, list) else frozenset(),
        scopes=frozenset(str(claims.get("scp", "")).split()),
        tenant_id=str(claims.get("tid", "")),
        app_id=str(claims.get("appid") or claims.get("azp") or ""),
        expires_at=datetime.fromtimestamp(expires, UTC) if isinstance(expires, int) else None,
    )
