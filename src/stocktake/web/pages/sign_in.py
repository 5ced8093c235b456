"""Signing in and out."""

from hashlib import sha256
from typing import Annotated

from fastapi import Form, Query, Request
from fastapi.responses import RedirectResponse, Response

from stocktake.store.accounts import count_accounts, find_account
from stocktake.store.sessions import forget_attempts, reserve_attempt
from stocktake.web.console import console_of
from stocktake.web.guards import begin, end, whoever
from stocktake.web.passwords import matches
from stocktake.web.rendering import page

HOME = "/"
_WRONG = "No enabled account has that name and password."


def show(request: Request, after: Annotated[str, Query(alias="next")] = HOME) -> Response:
    if whoever(request) is not None:
        return RedirectResponse(local_path(after), 303)
    with console_of(request).app.store.read() as connection:
        nobody = count_accounts(connection) == 0
    return page(request, "sign_in.html", name="", after=local_path(after), mistake=None, nobody=nobody)


def submit(
    request: Request,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    after: Annotated[str, Form(alias="next")] = HOME,
) -> Response:
    store = console_of(request).app.store
    # People type passwords into the wrong field: what was typed as a name is not kept in the clear.
    account_key = sha256(name.strip().casefold().encode()).hexdigest()
    with store.write() as connection:
        wait = reserve_attempt(connection, account_key, request.client.host if request.client else "")
    if wait:
        minutes = -(-wait // 60)
        message = f"Too many failed attempts. Try again in {minutes} minute{'' if minutes == 1 else 's'}."
        return _again(request, name, after, message, 429, {"Retry-After": str(wait)})
    with store.read() as connection:
        account = find_account(connection, name.strip())
    if not matches(account.password_hash if account else None, password) or account is None or not account.enabled:
        return _again(request, name, after, _WRONG, 403, {})
    with store.write() as connection:
        forget_attempts(connection, account_key)
    response = RedirectResponse(local_path(after), 303)
    begin(request, response, account.id)
    return response


def sign_out(request: Request) -> Response:
    response = RedirectResponse("/sign-in", 303)
    end(request, response)
    return response


def local_path(address: str) -> str:
    """The address if it leads to a page of ours, else the start page.

    Browsers read `//host` and `/\\host` as another site, and take control characters out before they look.
    """
    if address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable():
        return address
    return HOME


def _again(request: Request, name: str, after: str, mistake: str, status: int, headers: dict[str, str]) -> Response:
    values = {"name": name, "after": local_path(after), "mistake": mistake, "nobody": False}
    response = page(request, "sign_in.html", status=status, **values)
    response.headers.update(headers)
    return response
