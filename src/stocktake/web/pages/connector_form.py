"""New connector, and the description of one that exists."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from stocktake.access.forms import valid_description, valid_name, valid_tenant
from stocktake.errors import UsageError
from stocktake.store.clouds import get_cloud, list_clouds
from stocktake.store.connector_changes import set_description
from stocktake.store.connectors import get_connector, list_connectors
from stocktake.web.console import console_of
from stocktake.web.pages.connectors import ADDRESS
from stocktake.web.pages.credentials import Dialog, dialog_page
from stocktake.web.rendering import page


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form."""

    tenant: str = ""
    description: str = ""
    name: str = ""
    cloud: str = "global"


def new(request: Request) -> Response:
    return _form(request, Typed())


def go_on(
    request: Request,
    tenant: Annotated[str, Form()] = "",
    description: Annotated[str, Form()] = "",
    name: Annotated[str, Form()] = "",
    cloud: Annotated[str, Form()] = "global",
) -> Response:
    """The button Credentials: the same page, with the dialog open. Nothing is saved yet."""
    typed = Typed(tenant.strip(), description, name.strip(), cloud)
    try:
        dialog = _dialog(request, typed)
    except UsageError as error:
        return _form(request, typed, error)
    return dialog_page(request, dialog)


def edit(request: Request, name: str) -> Response:
    connector = get_connector(console_of(request).app.store, name)
    return page(request, "connector_edit.html", connector=connector)


def save(request: Request, name: str, description: Annotated[str, Form()] = "") -> Response:
    app = console_of(request).app
    set_description(app.store, get_connector(app.store, name), valid_description(description))
    return RedirectResponse(f"{ADDRESS}?saved={name}", 303)


def _dialog(request: Request, typed: Typed) -> Dialog:
    """UsageError for what can't be a connector."""
    store = console_of(request).app.store
    tenant = valid_tenant(typed.tenant)
    name = valid_name(typed.name or tenant.split(".")[0], "connector")
    get_cloud(store, typed.cloud)
    if any(known.name == name for known in list_connectors(store)):
        raise UsageError(f"there is a connector {name} already", "choose another name")
    return Dialog(name, tenant, typed.cloud, valid_description(typed.description))


def _form(request: Request, typed: Typed, mistake: UsageError | None = None) -> Response:
    clouds = list_clouds(console_of(request).app.store)
    status = 422 if mistake else 200
    return page(request, "connector_new.html", status=status, typed=typed, clouds=clouds, mistake=mistake)
