"""Errors as answers: a page for people, JSON for the API, and never a traceback."""

import secrets
from collections.abc import Callable, Coroutine
from typing import Any
from urllib.parse import quote

import structlog
from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException as StarletteHTTPException

from stocktake.errors import StocktakeError, UsageError
from stocktake.web.console import Console
from stocktake.web.protection import protect
from stocktake.web.rendering import page

API = "/api/"
_TITLES = {
    400: "That can't be answered",
    403: "Not allowed",
    404: "Nothing is here",
    405: "Not that way",
    422: "That can't be answered",
    500: "A fault in Stocktake",
}
_REMEDIES = {
    404: "Use the navigation above; what was here may have been removed.",
    403: "Ask an administrator of this installation.",
}

log = structlog.get_logger(__name__)
Handler = Callable[[Request, Any], Coroutine[Any, Any, Response]]


def handlers(console: Console) -> dict[int | type[Exception], Handler]:
    """For FastAPI: what answers which exception."""

    async def http_error(request: Request, error: StarletteHTTPException) -> Response:
        return await run_in_threadpool(_http_error, request, error)

    async def our_error(request: Request, error: StocktakeError) -> Response:
        status = 400 if isinstance(error, UsageError) else 409
        return await run_in_threadpool(_say, request, status, error.message, error.remedy)

    async def bad_request(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"][1:])
        return await run_in_threadpool(_say, request, 422, f"{place}: {first['msg']}", "")

    async def fault(request: Request, error: Exception) -> Response:
        reference = secrets.token_hex(4)
        log.error("request failed", reference=reference, path=request.url.path, exc_info=error)
        message = f"This page could not be made. The log has the cause under {reference}."
        response = _say_json(500, message, "") if _is_api(request) else _plain_fault(message)
        protect(response.headers, console, request.url.path)
        # The server drops the connection when the error reaches it: nobody should send another request on it.
        response.headers["Connection"] = "close"
        return response

    return {
        StarletteHTTPException: http_error,
        StocktakeError: our_error,
        RequestValidationError: bad_request,
        Exception: fault,
    }


def _http_error(request: Request, error: StarletteHTTPException) -> Response:
    if error.status_code == 401 and not _is_api(request):
        return _to_sign_in(request)
    response = _say(request, error.status_code, str(error.detail), _REMEDIES.get(error.status_code, ""))
    response.headers.update(error.headers or {})
    return response


def _to_sign_in(request: Request) -> Response:
    if "HX-Request" in request.headers:
        # htmx would put the sign-in page inside the page that is open.
        return Response(status_code=401, headers={"HX-Redirect": "/sign-in"})
    if request.method != "GET":
        return RedirectResponse("/sign-in", 303)
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse("/sign-in" if wanted == "/" else f"/sign-in?next={quote(wanted, safe='/')}", 303)


def _say(request: Request, status: int, message: str, remedy: str) -> Response:
    if _is_api(request):
        return _say_json(status, message, remedy)
    title = _TITLES.get(status, "That did not work")
    return page(request, "mistake.html", status=status, title=title, message=message, remedy=remedy)


def _say_json(status: int, message: str, remedy: str) -> Response:
    return JSONResponse({"error": {"status": status, "message": message, "remedy": remedy or None}}, status)


def _plain_fault(message: str) -> Response:
    """Made of nothing that could fail once more."""
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>A fault in Stocktake</title>'
        f"<h1>A fault in Stocktake</h1><p>{message}</p>"
        '<p><a href="/">To the overview</a></p></html>'
    )
    return Response(body, 500, media_type="text/html")


def _is_api(request: Request) -> bool:
    return request.url.path.startswith(API)
