"""Which application calls the token endpoint, and whether it can prove it: by secret, by certificate, or not at all."""

import hmac
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_plus

from m365sim.applications import Application
from m365sim.consents import principal_id, usable_in
from m365sim.identity import assertion
from m365sim.identity.sign_in_refusals import SignInError, missing, unknown_application
from m365sim.tenant import Tenant
from m365sim.world import World

NOTHING, SECRET, CERTIFICATE = "0", "1", "2"  # azpacr (access-token-claims-reference.md)


@dataclass(slots=True, frozen=True)
class Call:
    """A request to the token endpoint. `tenant` is None for /common, /organizations and /consumers."""

    world: World
    tenant_name: str
    tenant: Tenant | None
    form: Mapping[str, str]

    @property
    def directory(self) -> str:
        """How refusals name the tenant."""
        return self.tenant_name if self.tenant is None else self.tenant.display_name


def with_basic(form: Mapping[str, str], authorization: str | None) -> dict[str, str]:
    """The form with client id and secret of a Basic header, both form-encoded in it (RFC 6749 2.3.1)."""
    fields = dict(form)
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return fields
    try:
        client_id, _, secret = b64decode(credentials, validate=True).decode().partition(":")
    except (Base64Error, ValueError):
        return fields
    return {"client_id": unquote_plus(client_id), "client_secret": unquote_plus(secret), **fields}


def calling_application(call: Call) -> Application:
    """SignInError 900144 without client id, 700016 and 7000229 for one that this tenant does not know."""
    client_id = call.form.get("client_id")
    if not client_id:
        raise missing("client_id")
    application = call.world.applications.get(client_id.lower())
    if application is None:
        raise unknown_application(client_id, call.directory)
    if call.tenant is None:
        return application
    if not usable_in(application, call.tenant.id):
        raise unknown_application(client_id, call.directory)
    if principal_id(application, call.tenant.id) is None:
        raise SignInError(
            7000229,
            "unauthorized_client",
            f"The client application {client_id} is missing service principal in the tenant {call.tenant.id}. See "
            "instructions here: https://go.microsoft.com/fwlink/?linkid=2225119",
        )
    return application


def proof_of(call: Call, application: Application) -> str:
    """How the client proved itself: azpacr. SignInError where what it sent proves nothing."""
    form = call.form
    if form.get("client_assertion"):
        if form.get("client_assertion_type") != assertion.TYPE:
            raise missing("client_assertion_type")
        assertion.check_assertion(call.world, call.tenant, call.tenant_name, application, form["client_assertion"])
        return CERTIFICATE
    if form.get("client_secret"):
        _check_secret(call.world, application, form["client_secret"])
        return SECRET
    if form.get("grant_type") == "client_credentials":
        text = "'client_assertion', 'client_secret' or 'request' is required for the 'client_credentials' grant type."
        raise SignInError(7000216, "invalid_client", text)
    if application.public_client or application.public_redirect_uris:
        return NOTHING
    text = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'."
    raise SignInError(7000218, "invalid_client", text)


def _check_secret(world: World, application: Application, given: str) -> None:
    now = world.clock.now()
    found = [secret for secret in application.secrets if hmac.compare_digest(secret.value.encode(), given.encode())]
    if not found:
        raise SignInError(
            7000215,
            "invalid_client",
            "Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, "
            f"not the client secret ID, for a secret added to app '{application.client_id}'.",
        )
    if all(secret.ends_at <= now for secret in found):
        raise SignInError(
            7000222,
            "invalid_client",
            f"The provided client secret keys for app '{application.client_id}' are expired. Visit the Azure portal to "
            "create new keys for your app: https://aka.ms/NewClientSecret, or consider using certificate credentials "
            "for added security: https://aka.ms/certCreds.",
        )
