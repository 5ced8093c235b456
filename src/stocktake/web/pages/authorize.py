"""Authorize: the pop-up on its way to Microsoft, and the page that Microsoft sends it back to."""

from typing import Annotated

from fastapi import Form, Request, UploadFile
from fastapi.responses import Response
from pydantic import BaseModel, Field, SecretStr

from stocktake.access.forms import valid_client_id, valid_day, valid_description, valid_name, valid_tenant
from stocktake.app import App
from stocktake.authorize.answer import receive
from stocktake.authorize.begin import begin
from stocktake.authorize.draft import Draft, sealed_form
from stocktake.authorize.permissions import chosen_scopes
from stocktake.errors import ConfigurationError, StocktakeError, UsageError
from stocktake.identity.credentials import ClientSecret, Credential, deserialize, read_certificate
from stocktake.identity.guide import step_of_code
from stocktake.logs import hide
from stocktake.store.connectors import Connector, credential_context, get_connector
from stocktake.web.console import console_of
from stocktake.web.guards import signed_in
from stocktake.web.rendering import page

_LONGEST = 65_536  # bytes of a certificate file


class Typed(BaseModel):
    """The fields of the dialog as they came; any may be wrong."""

    name: str = ""
    tenant: str = ""
    cloud: str = "global"
    description: str = ""
    connector: str = ""  # the name of a connector that exists, else empty
    permissions: str = "application"
    app: str = "own"  # or provider
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")
    certificate: UploadFile | None = None
    expires_on: str = ""
    ask_for: str = "registration"  # or chosen
    scope: list[str] = Field(default_factory=list)
    dialog: str = ""


def start(request: Request, typed: Annotated[Typed, Form()]) -> Response:
    """Seal what the dialog holds, and go on to Microsoft's page. Mistakes are shown here, in the pop-up."""
    console = console_of(request)
    try:
        draft = _draft(console.app, typed)
        begun = begin(console.app, draft, console.address, signed_in(request).account_id)
    except StocktakeError as error:
        return _failed(request, error, typed.dialog)
    return page(request, "authorize_start.html", address=begun.address, tenant=draft.tenant)


def callback(request: Request) -> Response:
    """Microsoft's answer. Open to strangers: who brings it may be an administrator of the tenant without an account
    here, and the state that it has to carry is known to nobody else."""
    try:
        answer = receive(console_of(request).app, dict(request.query_params))
    except StocktakeError as error:
        return _failed(request, error, "")
    if answer.failure is not None:
        return _failed(request, answer.failure, answer.draft.dialog)
    return page(request, "authorize_done.html", answer=answer)


def _failed(request: Request, error: StocktakeError, dialog: str) -> Response:
    step = step_of_code(error.code) if isinstance(error, ConfigurationError) else None
    return page(request, "authorize_failed.html", status=400, error=error, step=step, dialog=dialog)


def _credential(typed: Typed) -> Credential | None:
    """UsageError for a file that can be no certificate; ConfigurationError for one that does not work."""
    uploaded = typed.certificate.file.read(_LONGEST + 1) if typed.certificate is not None else b""
    secret = typed.client_secret.get_secret_value().strip()
    if secret and uploaded:
        raise UsageError("a client secret and a certificate were given", "give one of the two")
    if secret:
        hide(secret)
        return ClientSecret(secret)
    if not uploaded:
        return None
    if len(uploaded) > _LONGEST:
        raise UsageError(
            "the file is too long to be a certificate", "give one PEM file with private key and certificate"
        )
    try:
        return read_certificate(uploaded.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UsageError("the file is no PEM file", "give one PEM file with private key and certificate") from None


def _draft(app: App, typed: Typed) -> Draft:
    existing = get_connector(app.store, typed.connector) if typed.connector else None
    if typed.permissions not in ("application", "delegated"):
        raise UsageError("no kind of permissions is chosen", "choose Application Permissions or Delegated Permissions")
    delegated = typed.permissions == "delegated"
    client_id = None if typed.app == "provider" else valid_client_id(typed.client_id)
    given = _credential(typed)
    if client_id is not None and given is None and existing is not None:
        given = _kept(app, existing, client_id)
    return Draft(
        name=existing.name if existing else valid_name(typed.name, "connector"),
        tenant=existing.tenant if existing else valid_tenant(typed.tenant),
        cloud=existing.cloud if existing else typed.cloud,
        permissions="delegated" if delegated else "application",
        client_id=client_id,
        credential=sealed_form(given) if client_id is not None else None,
        credential_expires_at=_expiry(typed, existing),
        description=existing.description if existing else valid_description(typed.description),
        scopes=chosen_scopes(typed.scope) if delegated and typed.ask_for == "chosen" else (),
        connector_id=existing.id if existing else None,
        dialog=typed.dialog[:64],
    )


def _kept(app: App, connector: Connector, client_id: str) -> Credential | None:
    """The credential that the connector has, where the field was left empty; it belongs to its own app alone."""
    if connector.sealed_credential is None or connector.client_id != client_id:
        return None
    return deserialize(app.sealer.open(connector.sealed_credential, credential_context(connector.name)))


def _expiry(typed: Typed, existing: Connector | None) -> str | None:
    """The day that was typed; what was known before, only where the credential stays as it is."""
    kept = existing is not None and not typed.client_secret.get_secret_value() and typed.certificate is None
    return valid_day(typed.expires_on) or (existing.credential_expires_at if existing and kept else None)
