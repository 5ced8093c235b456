"""grant_type=refresh_token (refresh-tokens.md): a new token at each use, the old one stays valid."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from m365sim.applications import Application
from m365sim.consents import usable_in
from m365sim.identity import sign_in_refusals
from m365sim.identity.delegated import Granted, issue
from m365sim.identity.scopes import scopes_of
from m365sim.identity.sign_in_refusals import SignInError
from m365sim.identity.walk import ANY_TENANT
from m365sim.signed_in import REFRESH_LIFETIME, Refresh
from m365sim.tenant import Tenant
from m365sim.world import World


def redeem_refresh(
    world: World, tenant_name: str, application: Application, form: Mapping[str, str], proof: str
) -> dict[str, object]:
    """The token answer for a refresh token; without `scope` what it was issued for."""
    token = _token_of(world, application, form)
    tenant = _tenant_of(world, tenant_name, token, application)
    scopes = token.scopes
    if form.get("scope"):
        asked = scopes_of(world, form["scope"], application.display_name)
        named = asked.names if not asked.static else (*asked.names, *sorted(application.requested_scopes))
        scopes = tuple(dict.fromkeys((*named, "offline_access")))
    granted = Granted(
        application,
        token.account,
        tenant,
        scopes,
        token.second_factor,
        proof,
        client_info=form.get("client_info") == "1",
    )
    # MSAL leaves openid out when it refreshes for a resource, and Microsoft answers with an id token all the same.
    if "openid" in token.scopes and "openid" not in scopes:
        granted = replace(granted, scopes=(*scopes, "openid"))
    return issue(world, granted)


def _token_of(world: World, application: Application, form: Mapping[str, str]) -> Refresh:
    value = form.get("refresh_token")
    if not value:
        raise sign_in_refusals.missing("refresh_token")
    token = world.interactive.refresh.get(value)
    if token is None:
        raise SignInError(9002313, "invalid_grant", "Invalid request. Request is malformed or invalid.")
    if token.client_id != application.client_id:
        raise SignInError(
            70000, "invalid_grant", "The provided refresh token was issued to another client application."
        )
    now = world.clock.now()
    if token.revoked or token.account.revoked_at > token.at:
        valid_from = now if token.revoked else token.account.revoked_at
        raise SignInError(
            50173,
            "invalid_grant",
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might "
            f"have changed or reset their password. The grant was issued on '{_stamp(token.at)}' and the "
            f"TokensValidFrom date (before which tokens are not valid) for this user is '{_stamp(valid_from)}'.",
        )
    if token.at + REFRESH_LIFETIME <= now:
        raise SignInError(
            700082,
            "invalid_grant",
            "The refresh token has expired due to inactivity. The token was issued on "
            f"{_stamp(token.at)} and was inactive for 90.00:00:00.",
        )
    return token


def _tenant_of(world: World, name: str, token: Refresh, application: Application) -> Tenant:
    """A refresh token is not bound to the tenant that issued it."""
    if name.lower() in ANY_TENANT:
        return world.tenants[token.tenant_id]
    tenant = world.tenant_of(name)
    if tenant is None:
        raise sign_in_refusals.unknown_tenant(name)
    if not usable_in(application, tenant.id):
        raise sign_in_refusals.unknown_application(application.client_id, tenant.display_name)
    return tenant


def _stamp(epoch: float) -> str:
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%S.0000000Z")
