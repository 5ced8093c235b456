"""Sending somebody to Microsoft: to the consent page of the tenant, or to its sign-in."""

from dataclasses import dataclass

from stocktake.app import App
from stocktake.authorize.draft import Draft, Pending, seal_request
from stocktake.errors import ConfigurationError
from stocktake.identity.applications import Application, provider_application
from stocktake.identity.authorization import (
    REDIRECT_PATH,
    Errand,
    consent_address,
    default_scope,
    sign_in_address,
    tenant_id_of,
)
from stocktake.identity.clouds import Cloud
from stocktake.identity.pkce import random_text, state_hash
from stocktake.store.authorizations import begin_authorization
from stocktake.store.clouds import get_cloud


@dataclass(frozen=True, slots=True)
class Begun:
    """`address` is Microsoft's page to open in a browser."""

    address: str
    state_hash: str


def begin(app: App, draft: Draft, origin: str, account_id: int | None) -> Begun:
    """Keep the draft, sealed, and make the address to open; `origin` is where Microsoft sends the browser back to.

    Blocks: it asks Microsoft which tenant it is. ConfigurationError for an unknown tenant or a missing credential.
    """
    cloud = get_cloud(app.store, draft.cloud)
    application = application_of_draft(app, draft)
    tenant_id = tenant_id_of(cloud, draft.tenant, application.client_id)
    scopes = draft.scopes or (default_scope(cloud),)
    state = random_text()
    pending = Pending(draft, origin + REDIRECT_PATH, tenant_id, scopes, random_text(), random_text())
    hashed = state_hash(state)
    begin_authorization(app.store, hashed, account_id, draft.name, seal_request(app.sealer, hashed, pending))
    errand = errand_of(cloud, pending, application.client_id)
    if draft.permissions == "application":
        return Begun(consent_address(errand, state), hashed)
    return Begun(sign_in_address(errand, state, pending.nonce, pending.verifier), hashed)


def errand_of(cloud: Cloud, pending: Pending, client_id: str) -> Errand:
    return Errand(cloud, pending.draft.tenant, pending.tenant_id, client_id, pending.redirect_uri, pending.scopes)


def application_of_draft(app: App, draft: Draft) -> Application:
    """The app registration that the draft signs in as. ConfigurationError where it or its credential is missing."""
    if draft.client_id is None:
        provided = provider_application(app.settings)
        if provided is None:
            raise ConfigurationError(
                "no Client ID was given, and the settings name no provider's app",
                "copy the Application (client) ID from the portal: App registrations",
            )
        return provided
    credential = draft.own_credential
    if credential is None:
        raise ConfigurationError(
            "the app registration needs a client secret or a certificate",
            "Portal: Certificates & secrets, New client secret: copy its Value",
        )
    return Application(draft.client_id, credential)
