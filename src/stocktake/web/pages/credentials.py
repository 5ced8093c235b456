"""The Credentials dialog: how to sign in, Authorize, the Token, Save."""

import secrets
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response
from pydantic import BaseModel

from stocktake.authorize.permissions import GUIDE, permissions
from stocktake.authorize.proof import NotYetError
from stocktake.authorize.save import RETRY_S, Ticket, accept, attempt, open_ticket, seal_ticket, waited_s
from stocktake.errors import ConfigurationError, StocktakeError
from stocktake.identity.guide import Step, step_of_code
from stocktake.store.connectors import get_connector
from stocktake.web.console import console_of
from stocktake.web.pages.connectors import ADDRESS
from stocktake.web.rendering import page


@dataclass(frozen=True, slots=True)
class Dialog:
    """What the dialog is about. `id` tells the dialog to which browser page a Token belongs."""

    name: str
    tenant: str
    cloud: str
    description: str = ""
    permissions: str = "application"
    client_id: str = ""
    connector_id: int | None = None
    has_credential: bool = False
    by_provider: bool = False
    id: str = field(default_factory=lambda: secrets.token_urlsafe(12))


@dataclass(frozen=True, slots=True)
class State:
    """What came of Save: a failure, or a wait with the ticket to go on with."""

    failure: StocktakeError | None = None
    ticket: str = ""
    waiting: str = ""
    waited_s: int = 0

    @property
    def step(self) -> Step | None:
        return step_of_code(self.failure.code) if isinstance(self.failure, ConfigurationError) else None


def show(request: Request, name: str) -> Response:
    return dialog_page(request, _dialog_of(request, name))


class Pasted(BaseModel):
    """The lower part of the dialog; a page that waits sends the ticket in the place of the Token."""

    name: str = ""
    tenant: str = ""
    cloud: str = ""
    description: str = ""
    token: str = ""
    ticket: str = ""


def save(request: Request, pasted: Annotated[Pasted, Form()]) -> Response:
    """Prove and save, or say why not; a page that has to wait asks again with its ticket."""
    app = console_of(request).app
    state = State()
    try:
        going_on: Ticket = open_ticket(app, pasted.ticket) if pasted.ticket else accept(app, pasted.name, pasted.token)
        try:
            saved = attempt(app, going_on)
        except NotYetError as error:
            state = State(ticket=seal_ticket(app, going_on), waiting=error.message, waited_s=round(waited_s(going_on)))
        else:
            return _gone_to(request, f"{ADDRESS}?saved={saved.name}")
    except StocktakeError as error:
        state = State(failure=error)
    dialog = _dialog_again(request, Dialog(pasted.name, pasted.tenant, pasted.cloud, pasted.description))
    return dialog_page(request, dialog, state)


def dialog_page(request: Request, dialog: Dialog, state: State | None = None) -> Response:
    """The page with the dialog open. Secrets are never in it: they are typed, sent, and sealed."""
    settings = console_of(request).app.settings
    shown = state or State()
    # htmx shows answers of errors only if told so; without it the status says what happened.
    status = 422 if shown.failure and "HX-Request" not in request.headers else 200
    return page(
        request,
        "credentials.html",
        status=status,
        dialog=dialog,
        state=shown,
        retry_s=int(RETRY_S),
        provider=settings.provider_client_id,
        permissions=permissions(),
        guide=GUIDE,
        redirect_address=console_of(request).address + ADDRESS + "/authorize",
    )


def _dialog_of(request: Request, name: str) -> Dialog:
    connector = get_connector(console_of(request).app.store, name)
    return Dialog(
        connector.name,
        connector.tenant,
        connector.cloud,
        connector.description,
        connector.permissions,
        connector.client_id or "",
        connector.id,
        has_credential=connector.sealed_credential is not None,
        by_provider=connector.client_id is None,
    )


def _dialog_again(request: Request, typed: Dialog) -> Dialog:
    """For a connector that exists what is stored, for a new one what the page sent along."""
    try:
        return _dialog_of(request, typed.name)
    except StocktakeError:
        return typed


def _gone_to(request: Request, address: str) -> Response:
    if "HX-Request" in request.headers:
        return Response(headers={"HX-Redirect": address})
    return RedirectResponse(address, 303)
