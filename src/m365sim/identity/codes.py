"""grant_type=authorization_code (v2-oauth2-auth-code-flow.md)."""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping

from m365sim.applications import Application
from m365sim.identity import sign_in_refusals
from m365sim.identity.asking import requested_scopes
from m365sim.identity.delegated import Granted, issue
from m365sim.identity.scopes import scopes_of, without_sign_in
from m365sim.identity.sign_in_refusals import SignInError
from m365sim.identity.walk import ANY_TENANT
from m365sim.signed_in import CODE_LIFETIME, Code
from m365sim.world import World


def redeem_code(
    world: World, tenant_name: str, application: Application, form: Mapping[str, str], proof: str
) -> dict[str, object]:
    """The token answer for a code; `proof` is azpacr of the client, whose credential has been checked."""
    code = _code_of(world, tenant_name, application, form)
    wanted = code.request
    _check_verifier(code, form)
    scopes = requested_scopes(wanted, application)
    if form.get("scope"):
        # The scopes of the redemption may be fewer than those of the authorisation, never more.
        narrowed = scopes_of(world, form["scope"], application.display_name)
        if set(without_sign_in(narrowed.names)) - set(scopes):
            raise sign_in_refusals.consent_missing(application.client_id, application.display_name, "invalid_grant")
    code.used = True
    return issue(
        world,
        Granted(
            application,
            code.account,
            world.tenants[code.tenant_id],
            scopes,
            code.second_factor,
            proof,
            wanted.nonce,
            client_info=form.get("client_info") == "1",
        ),
    )


def _code_of(world: World, tenant_name: str, application: Application, form: Mapping[str, str]) -> Code:
    for name in ("code", "redirect_uri"):
        if not form.get(name):
            raise sign_in_refusals.missing(name)
    code = world.interactive.codes.get(form["code"])
    if code is None:
        raise SignInError(9002313, "invalid_grant", "Invalid request. Request is malformed or invalid.")
    if code.request.client_id != application.client_id:
        raise SignInError(
            70000, "invalid_grant", "The provided authorization code was issued to another client application."
        )
    tenant = None if tenant_name.lower() in ANY_TENANT else world.tenant_of(tenant_name)
    if tenant is not None and tenant.id != code.tenant_id:
        raise SignInError(
            700005,
            "invalid_grant",
            "The provided Authorization Code is intended to be used against another tenant, thus it's rejected.",
        )
    if code.used:
        raise SignInError(
            54005,
            "invalid_grant",
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing "
            "refresh token.",
        )
    if code.at + CODE_LIFETIME <= world.clock.now():
        raise SignInError(
            70008,
            "invalid_grant",
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive "
            "authorization request for this user and resource.",
        )
    if form["redirect_uri"] != code.request.redirect_uri:
        raise SignInError(
            500112,
            "invalid_grant",
            f"The reply address '{form['redirect_uri']}' does not match the reply address "
            f"'{code.request.redirect_uri}' provided when requesting Authorization code.",
        )
    return code


def _check_verifier(code: Code, form: Mapping[str, str]) -> None:
    challenge, verifier = code.request.challenge, form.get("code_verifier")
    if challenge is None and verifier is None:
        return
    if challenge is None or verifier is None or _challenge_of(verifier, code.request.challenge_method) != challenge:
        raise SignInError(
            501481,
            "invalid_grant",
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        )


def _challenge_of(verifier: str, method: str) -> str:
    if method == "plain":
        return verifier
    return urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
