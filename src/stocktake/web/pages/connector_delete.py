"""Deleting a connector: what goes with it, and the name typed by whoever wants that."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from stocktake.jobs.ownership import owning
from stocktake.store.connector_changes import contents
from stocktake.store.connectors import get_connector, remove_connector
from stocktake.web.console import console_of
from stocktake.web.pages.connectors import ADDRESS
from stocktake.web.rendering import page


def ask(request: Request, name: str) -> Response:
    return _question(request, name, "")


def delete(request: Request, name: str, typed: Annotated[str, Form()] = "") -> Response:
    """TransientError while a sync of it runs."""
    if typed.strip() != name:
        return _question(request, name, f"That is not its name. Type {name} to delete it.")
    app = console_of(request).app
    connector = get_connector(app.store, name)
    with owning(app.store, app.settings.home.expanduser().absolute(), connector):
        remove_connector(app.store, name)
    return RedirectResponse(f"{ADDRESS}?deleted={name}", 303)


def _question(request: Request, name: str, mistake: str) -> Response:
    app = console_of(request).app
    connector = get_connector(app.store, name)
    status = 422 if mistake else 200
    return page(
        request,
        "connector_delete.html",
        status=status,
        connector=connector,
        contents=contents(app.store, connector),
        mistake=mistake,
    )
