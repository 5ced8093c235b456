"""Access tokens for an application, by MSAL; kept in memory only.

Client credentials: entra-docs v2-oauth2-client-creds-grant-flow.md. Tokens of Microsoft Graph are opaque
(access-tokens.md); `diagnose` reads them to explain, never to decide.
"""

import asyncio
import base64
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec

from stocktake.errors import ConfigurationError, TransientError
from stocktake.identity.aadsts import SignIn, refusal, refuse_tenant_form
from stocktake.identity.clouds import Cloud
from stocktake.identity.credentials import Certificate, ClientSecret, Credential
from stocktake.identity.entra_http import EntraHttp, RepeatableError

_RENEW_BEFORE_S = 300.0
_NO_CLAIMS = "{}"


@dataclass(frozen=True, slots=True)
class TokenPatience:
    """Tries before giving up: few while there has been no token yet, more for a sync that is under way."""

    first_tries: int = 4
    later_tries: int = 8
    first_s: float = 0.5
    cap_s: float = 20.0

    def backoff_s(self, failures: int) -> float:
        ceiling = min(self.cap_s, self.first_s * 2.0 ** min(failures, 30))
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, slots=True)
class _Kept:
    token: str = field(repr=False)
    until: float  # of time.monotonic


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
        self._client_id = client_id
        self._credential = credential
        self._patience = patience or TokenPatience()
        self._kept: _Kept | None = None
        self._asking = asyncio.Lock()
        self._sign_in = SignIn(client_id, tenant, urlsplit(cloud.graph_url).hostname or "")

    def __repr__(self) -> str:
        return f"EntraTokens({self._cloud.name}, {self._tenant}, {self._client_id}, {self._credential!r})"

    async def token(self, *, claims: str | None = None) -> str:
        """The kept token until about five minutes before its end, else a new one; with `claims` always a new one.

        `claims` is the JSON text of a claims challenge; `{}` asks for nothing but a new token.
        """
        if claims is None and (kept := self._usable()) is not None:
            return kept
        async with self._asking:
            if claims is None and (kept := self._usable()) is not None:
                return kept
            self._kept = await self._ask_patiently(None if claims == _NO_CLAIMS else claims)
            return self._kept.token

    def _usable(self) -> str | None:
        kept = self._kept
        return kept.token if kept is not None and time.monotonic() < kept.until else None

    async def _ask_patiently(self, claims: str | None) -> _Kept:
        tries = self._patience.first_tries if self._kept is None else self._patience.later_tries
        for failures in range(1, tries + 1):
            try:
                return await asyncio.to_thread(self._ask, claims)
            except RepeatableError as problem:
                if failures == tries:
                    raise self._given_up(problem) from None
                await asyncio.sleep(max(self._patience.backoff_s(failures), problem.retry_after_s or 0.0))
        raise AssertionError("unreachable")

    def _given_up(self, problem: RepeatableError) -> ConfigurationError | TransientError:
        if problem.unreachable and self._kept is None:
            return ConfigurationError(problem.reason, "Check the network and the addresses of the connector's cloud")
        return TransientError(f"no access token: {problem.reason}", "Try again later")

    def _ask(self, claims: str | None) -> _Kept:
        """One try, in a thread. A new MSAL application each time: its caches would repeat the last refusal."""
        import msal  # type: ignore[import-untyped]  # slow to import, and only needed here

        asked_at = time.monotonic()
        with EntraHttp(self._cloud.login_url, self._cloud.ca_bundle, self._sign_in) as http:
            application = msal.ConfidentialClientApplication(
                self._client_id,
                client_credential=_for_msal(self._credential),
                authority=f"{self._cloud.login_url}/{self._tenant}",
                http_client=http,
                instance_discovery=False,  # the cloud says which host to ask; nothing is to be looked up elsewhere
                client_capabilities=["cp1"],  # we answer claims challenges (continuous access evaluation)
            )
            result = application.acquire_token_for_client(
                [f"{self._cloud.graph_url}/.default"], claims_challenge=claims
            )
        return self._kept_from(result or {}, asked_at)

    def _kept_from(self, result: Mapping[str, Any], asked_at: float) -> _Kept:
        token = result.get("access_token")
        if not isinstance(token, str):
            raise refusal(result, self._sign_in)
        lifetime = float(result.get("expires_in", 0))
        return _Kept(token, asked_at + lifetime - min(_RENEW_BEFORE_S, lifetime / 5))


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
