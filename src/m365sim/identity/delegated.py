"""Tokens for a person: access token with `scp`, id token, refresh token (graph-facts 7.2, 7.3, 7.7)."""

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass

import msgspec

from m365sim.accounts import Account, user_in, wids_of
from m365sim.applications import Application
from m365sim.consents import scopes_in_force
from m365sim.identity import sign_in_refusals
from m365sim.identity.scopes import without_sign_in
from m365sim.identity.sign_in_refusals import SignInError
from m365sim.identity.tokens import sign, token_lifetime
from m365sim.identity.walk import sign_in_name
from m365sim.signed_in import Refresh, new_token
from m365sim.tenant import Tenant, User
from m365sim.world import World

_ID_TOKEN_LIFETIME = 3600


@dataclass(slots=True, frozen=True)
class Granted:
    """Whose tokens are to be made. `proof` is azpacr: 0 public client, 1 secret, 2 certificate."""

    application: Application
    account: Account
    tenant: Tenant
    scopes: tuple[str, ...]  # asked for now
    second_factor: bool
    proof: str = "1"
    nonce: str | None = None
    client_info: bool = False


def issue(world: World, granted: Granted) -> dict[str, object]:
    """The body of a token answer.

    SignInError where the person, the consent or the second factor is missing by now.
    """
    user = _user_of(world, granted)
    if granted.account.mfa and not granted.second_factor:
        raise sign_in_refusals.second_factor_wanted()
    consented = scopes_in_force(granted.application, granted.tenant.id, user.id)
    if set(without_sign_in(granted.scopes)) - consented or not consented:
        application = granted.application
        raise sign_in_refusals.consent_missing(application.client_id, application.display_name, "invalid_grant")
    lifetime = token_lifetime(world)
    names = [*without_sign_in(consented), *sorted({"openid", "profile", "email"} & set(granted.scopes))]
    body: dict[str, object] = {
        "token_type": "Bearer",
        "scope": " ".join(names),
        "expires_in": lifetime - 1,
        "ext_expires_in": lifetime - 1,
        "access_token": sign(world, _access_claims(world, granted, user, names, lifetime)),
    }
    if "offline_access" in granted.scopes:
        body["refresh_token"] = _refresh_token(world, granted)
    if "openid" in granted.scopes:
        body["id_token"] = sign(world, _id_claims(world, granted, user))
    if granted.client_info:
        info = {"uid": granted.account.user_id, "utid": granted.account.tenant_id}
        body["client_info"] = urlsafe_b64encode(msgspec.json.encode(info)).decode().rstrip("=")
    return body


def _user_of(world: World, granted: Granted) -> User:
    """The person in the tenant, who may have left it, or been disabled, since."""
    account, tenant = granted.account, granted.tenant
    user = user_in(account, tenant)
    if user is not None and user.account_enabled:
        return user
    if user is not None:
        raise sign_in_refusals.account_disabled()
    typed = sign_in_name(world, account)
    if account.tenant_id == tenant.id:
        refusal = sign_in_refusals.no_account(typed, tenant.display_name)
    else:
        home = f"{world.login_url}/{account.tenant_id}/"
        refusal = sign_in_refusals.not_in_tenant(typed, home, tenant.display_name, granted.application.display_name)
    raise SignInError(refusal.code, "invalid_grant", refusal.text)


def _refresh_token(world: World, granted: Granted) -> str:
    value = new_token("1.A")
    world.interactive.refresh[value] = Refresh(
        granted.application.client_id,
        granted.account,
        granted.tenant.id,
        granted.scopes,
        world.clock.now(),
        granted.second_factor,
    )
    return value


def _access_claims(world: World, granted: Granted, user: User, names: list[str], lifetime: int) -> dict[str, object]:
    now = int(world.clock.now())
    application = granted.application
    return {
        "aud": world.graph_url,
        "iss": f"{world.login_url}/{granted.tenant.id}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + lifetime,
        "app_displayname": application.display_name,
        "appid": application.client_id,
        "azp": application.client_id,
        "appidacr": granted.proof,
        "azpacr": granted.proof,
        "idtyp": "user",
        "name": user.display_name,
        "oid": user.id,
        "scp": " ".join(names),
        "sub": _pairwise(application, user),
        "tid": granted.tenant.id,
        "upn": user.user_principal_name,
        "unique_name": user.user_principal_name,
        "uti": new_token()[:22],
        "ver": "2.0",
        "wids": wids_of(granted.account, granted.tenant.id),
        "amr": ["pwd", "mfa"] if granted.second_factor else ["pwd"],
    }


def _id_claims(world: World, granted: Granted, user: User) -> dict[str, object]:
    now = int(world.clock.now())
    claims: dict[str, object] = {
        "aud": granted.application.client_id,
        "iss": f"{world.login_url}/{granted.tenant.id}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + _ID_TOKEN_LIFETIME,
        "name": user.display_name,
        "oid": user.id,
        "preferred_username": sign_in_name(world, granted.account),
        "sub": _pairwise(granted.application, user),
        "tid": granted.tenant.id,
        "uti": new_token()[:22],
        "ver": "2.0",
    }
    if granted.nonce is not None:
        claims["nonce"] = granted.nonce
    return claims


def _pairwise(application: Application, user: User) -> str:
    """`sub` differs from application to application."""
    digest = hashlib.sha256(f"{application.client_id} {user.id}".encode()).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")
