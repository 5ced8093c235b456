"""The one-time link that makes the first administrator."""

from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from stocktake.errors import UsageError
from stocktake.store.accounts import add_first_account, first_start_open
from stocktake.web.console import console_of
from stocktake.web.guards import begin
from stocktake.web.passwords import SHORTEST, hash_password, token_hash, valid_account_name
from stocktake.web.rendering import page


def show(request: Request, token: str) -> Response:
    with console_of(request).app.store.read() as connection:
        is_open = first_start_open(connection, token_hash(token))
    return _form(request) if is_open else _closed(request)


def submit(
    request: Request,
    token: str,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    repeated: Annotated[str, Form()] = "",
) -> Response:
    store = console_of(request).app.store
    with store.read() as connection:
        if not first_start_open(connection, token_hash(token)):
            return _closed(request)
    try:
        name = valid_account_name(name)
        if password != repeated:
            raise UsageError("the two passwords differ", "type the same password twice")
        hashed = hash_password(password)
    except UsageError as error:
        return _form(request, name, error)
    account = add_first_account(store, token_hash(token), name, hashed)
    if account is None:
        return _closed(request)
    response = RedirectResponse("/", 303)
    begin(request, response, account.id)
    return response


def _form(request: Request, name: str = "", mistake: UsageError | None = None) -> Response:
    status = 422 if mistake else 200
    return page(request, "first_start.html", status=status, name=name, mistake=mistake, shortest=SHORTEST)


def _closed(request: Request) -> Response:
    return page(request, "first_start_closed.html", status=404)
