"""Turning values into pages."""

from functools import cache
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.datastructures import URL

from stocktake.web.guards import csrf, keep_visit, whoever
from stocktake.web.wording import WORDINGS

HERE = Path(__file__).parent
STATIC = HERE / "static"


def page(request: Request, template: str, *, status: int = 200, **values: object) -> Response:
    """The template as a page. It also sees `person` (or None), `csrf_token`, `path`, `url_with` and the filters of
    wording.py; every value is escaped."""
    shown: dict[str, Any] = {
        "request": request,
        "person": whoever(request),
        "csrf_token": csrf(request),
        "path": request.url.path,
        "url_with": lambda **changes: url_with(request, changes),
        "static": static_address,
        **values,
    }
    response = HTMLResponse(environment().get_template(template).render(shown), status_code=status)
    keep_visit(request, response)
    return response


def url_with(request: Request, changes: dict[str, object]) -> str:
    """The address of this page with some of its query parameters changed; None takes one out."""
    url = URL(scope=request.scope)
    gone = [name for name, value in changes.items() if value is None]
    kept = {name: str(value) for name, value in changes.items() if value is not None}
    changed = url.remove_query_params(gone).include_query_params(**kept)
    return changed.path + (f"?{changed.query}" if changed.query else "")


def static_address(name: str) -> str:
    """Address of a file of ours; it changes with the file, so that browsers may keep it for ever."""
    return f"/static/{name}?v={_version(name)}"


@cache
def _version(name: str) -> str:
    from hashlib import sha256

    return sha256((STATIC / name).read_bytes()).hexdigest()[:12]


@cache
def environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(WORDINGS)
    return made
