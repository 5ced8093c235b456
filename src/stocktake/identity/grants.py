"""Access tokens on behalf of a person, by a refresh token that is replaced at every use.

entra-docs refresh-tokens.md@07bd829d: a new refresh token comes with each use and the old one is not revoked by it. So
the new one is stored before the access token is used, the one before it is kept until the next success, and of two
processes that refresh at once the later one drops what it got: the stored one is as good.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

import msgspec

from stocktake.errors import ConfigurationError
from stocktake.identity.aadsts import refusal
from stocktake.identity.applications import Application
from stocktake.identity.clouds import Cloud
from stocktake.identity.entra_http import EntraHttp
from stocktake.identity.keeping import Kept, TokenKeeper, TokenPatience
from stocktake.identity.sealing import Sealer
from stocktake.identity.tokens import msal_client, sign_in_of

# OAuth errors (not AADSTS numbers, which change) after which only the person can help.
_LOST = frozenset({"invalid_grant", "interaction_required", "consent_required", "login_required"})


@dataclass(frozen=True, slots=True)
class Grant:
    """What a person's consent left us. `scopes` as they were asked for; `previous` is the token before the last use."""

    refresh_token: str = field(repr=False)
    scopes: tuple[str, ...]
    previous: str | None = field(default=None, repr=False)

    def after(self, new: str) -> "Grant":
        return self if new == self.refresh_token else Grant(new, self.scopes, self.refresh_token)


@dataclass(frozen=True, slots=True)
class Held:
    """A grant as it was read; `mark` tells whether it still stands where it was read from."""

    grant: Grant
    mark: str = field(repr=False)


class Vault(Protocol):
    """Where a grant is kept."""

    def read(self) -> Held: ...

    def replace(self, used: Held, new: Grant) -> None:
        """Keep `new` unless another has been put in the place of `used`."""

    def lose(self, used: Held, reason: str) -> None:
        """Say that `used` no longer works, unless another has been put in its place."""


class MemoryVault:
    """A grant that is not stored yet: an authorisation that is still to prove itself."""

    def __init__(self, grant: Grant) -> None:
        self.grant = grant

    def read(self) -> Held:
        return Held(self.grant, "")

    def replace(self, used: Held, new: Grant) -> None:
        self.grant = new

    def lose(self, used: Held, reason: str) -> None:
        """Nothing to mark: what could not prove itself is not saved."""


class DelegatedTokens:
    """A token source of graph.client for one person's consent; for one event loop.

    Errors: ConfigurationError for what a person has to mend (a grant that no longer works is marked as lost, and says
    so), TransientError for a login host that keeps failing.
    """

    def __init__(
        self,
        cloud: Cloud,
        tenant: str,
        application: Application,
        vault: Vault,
        *,
        name: str,
        patience: TokenPatience | None = None,
    ) -> None:
        self._cloud, self._tenant, self._application = cloud, tenant, application
        self._vault, self._name = vault, name
        self._sign_in = sign_in_of(cloud, tenant, application.client_id)
        self._keeper = TokenKeeper(self._ask, patience)

    async def token(self, *, claims: str | None = None) -> str:
        """As TokenKeeper.token."""
        return await self._keeper.token(claims=claims)

    def _ask(self, claims: str | None) -> Kept:
        asked_at = time.monotonic()
        held = self._vault.read()
        result = self._refresh(held.grant, claims)
        while _is_lost(result):
            current = self._vault.read()
            if current.mark == held.mark:
                raise self._lost(held, result)
            held = current  # another process was faster, and perhaps ours was void by that
            result = self._refresh(held.grant, claims)
        if not isinstance(result.get("access_token"), str):
            raise refusal(result, self._sign_in)
        new = result.get("refresh_token")
        self._vault.replace(held, held.grant.after(new if isinstance(new, str) and new else held.grant.refresh_token))
        return Kept.of(result, asked_at)

    def _refresh(self, grant: Grant, claims: str | None) -> Mapping[str, Any]:
        """Microsoft's answer, by the token before the last one where the last one is refused."""
        first = self._redeem(grant.refresh_token, grant.scopes, claims)
        if not _is_lost(first) or grant.previous is None:
            return first
        second = self._redeem(grant.previous, grant.scopes, claims)
        return second if "access_token" in second else first

    def _redeem(self, refresh_token: str, scopes: tuple[str, ...], claims: str | None) -> Mapping[str, Any]:
        data = {"claims": claims} if claims else {}
        with EntraHttp(self._cloud.login_url, self._cloud.ca_bundle, self._sign_in) as http:
            client = msal_client(http, self._cloud, self._tenant, self._application)
            result = client.acquire_token_by_refresh_token(refresh_token, list(scopes), data=data)
        return result if isinstance(result, dict) else {}

    def _lost(self, held: Held, result: Mapping[str, Any]) -> ConfigurationError:
        error = refusal(result, self._sign_in)
        reason = error.message.removeprefix("Microsoft Entra refused the sign-in: ")
        self._vault.lose(held, reason)
        return ConfigurationError(
            f"the authorisation of connector {self._name} no longer works: {reason}",
            authorise_again(self._name),
            code=error.code,
        )


def authorise_again(name: str) -> str:
    return f"authorise it again: console, Connectors, {name}, Credentials; or `stocktake connector authorize {name}`"


def seal_grant(sealer: Sealer, name: str, grant: Grant) -> str:
    return sealer.seal(msgspec.json.encode(grant), _context(name))


def open_grant(sealer: Sealer, name: str, sealed: str) -> Grant:
    """ConfigurationError where it can't be opened or read."""
    try:
        return msgspec.json.decode(sealer.open(sealed, _context(name)), type=Grant)
    except msgspec.DecodeError:
        raise ConfigurationError(
            f"the authorisation of connector {name} can't be read", authorise_again(name)
        ) from None


def _context(name: str) -> str:
    return f"connector/{name}/grant"


def _is_lost(result: Mapping[str, Any]) -> bool:
    return str(result.get("error", "")) in _LOST
