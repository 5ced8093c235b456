"""`stocktake connector authorize`: consent or sign-in for a connector that exists."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from stocktake.cli.installation import installation
from stocktake.cli.output import note, say

if TYPE_CHECKING:
    from stocktake.app import App
    from stocktake.authorize.draft import Draft
    from stocktake.authorize.save import Ticket


def authorize(
    name: Annotated[str, typer.Argument(metavar="NAME")],
    token: Annotated[
        str | None, typer.Option("--token", metavar="TOKEN", help="The Token that the console's page showed.")
    ] = None,
) -> None:
    """Print the address to open, and wait for the answer; --token completes what the console's page has received."""
    with installation() as app:
        from stocktake.authorize.save import accept
        from stocktake.store.connectors import get_connector

        connector = get_connector(app.store, name)
        if token is not None:
            _save(app, accept(app, name, token))
            return
        from stocktake.access.sources import application_of
        from stocktake.authorize.draft import Draft, sealed_form

        application = application_of(app.settings, app.sealer, connector)
        own = connector.client_id is not None
        draft = Draft(
            name=name,
            tenant=connector.tenant,
            cloud=connector.cloud,
            permissions=connector.permissions,
            client_id=connector.client_id,
            credential=sealed_form(application.credential) if own else None,
            credential_expires_at=connector.credential_expires_at,
            description=connector.description,
            connector_id=connector.id,
        )
        _authorize(app, draft)


def _authorize(app: "App", draft: "Draft") -> None:
    """By the console where it has an address or runs here, else by a listener of our own."""
    from stocktake.authorize.answer import receive
    from stocktake.authorize.begin import begin
    from stocktake.authorize.save import accept
    from stocktake.cli.loopback import listening
    from stocktake.errors import StocktakeError
    from stocktake.identity.authorization import REDIRECT_PATH

    received: list[str | StocktakeError] = []

    def answer(query: dict[str, str]) -> tuple[bool, str]:
        try:
            found = receive(app, query)
        except StocktakeError as error:
            return False, f"{error.message}. {error.remedy}"
        received.append(found.failure or found.token)
        if found.failure:
            return True, f"{found.failure.message}. {found.failure.remedy}"
        return True, "The answer has arrived: you can close this window. The command line goes on."

    if app.settings.public_url:
        _by_console(app, draft, app.settings.public_url.rstrip("/"))
        return
    try:
        with listening(app.settings.listen_port, REDIRECT_PATH, answer) as loopback:
            _show(begin(app, draft, loopback.origin, None).address, draft)
            note("Waiting for the answer (Ctrl-C to stop).")
            loopback.wait()
    except OSError:
        _by_console(
            app, draft, f"{'https' if app.settings.tls_certificate else 'http'}://localhost:{app.settings.listen_port}"
        )
        return
    outcome = received[0]
    if isinstance(outcome, StocktakeError):
        raise outcome
    _save(app, accept(app, draft.name, outcome))


def _by_console(app: "App", draft: "Draft", origin: str) -> None:
    from stocktake.authorize.begin import begin

    _show(begin(app, draft, origin, None).address, draft)
    note(f"The page at {origin} then shows the Token. Next: stocktake connector authorize {draft.name} --token TOKEN")


def _show(address: str, draft: "Draft") -> None:
    who = (
        f"an administrator of {draft.tenant} who may consent (Global or Privileged Role Administrator)"
        if draft.permissions == "application"
        else f"the person whose view of {draft.tenant} is to be read"
    )
    note(f"Open this address and sign in as {who}:")
    say(address)
    sys.stdout.flush()  # whoever reads it through a pipe has to have it before the wait


def _save(app: "App", ticket: "Ticket") -> None:
    from stocktake.authorize.save import save_patiently

    note("Proving it by a token and a first read.")
    connector = save_patiently(app, ticket, lambda reason: note(f"The consent is not in effect yet: {reason}."))
    seen = f", as seen by {connector.granted_by}" if connector.granted_by else ""
    say(f"Connector {connector.name} authorised{seen}. Next: stocktake connector check {connector.name}")
