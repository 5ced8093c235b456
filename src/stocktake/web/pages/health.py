"""Whether the console can answer, for whoever watches over it."""

from fastapi import Request
from fastapi.responses import PlainTextResponse, Response
from sqlalchemy import text

from stocktake.web.console import console_of


def show(request: Request) -> Response:
    with console_of(request).app.store.read() as connection:
        connection.execute(text("SELECT 1"))
    return PlainTextResponse("ok\n")
