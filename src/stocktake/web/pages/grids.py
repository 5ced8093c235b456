"""What every grid page does alike: show the rows that the address asks for, and hand them out as a file."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from stocktake.errors import UsageError
from stocktake.export.files import export_rows
from stocktake.web.console import console_of
from stocktake.web.grid import Grid, answer, chosen_connectors, export_rows_of, parse
from stocktake.web.rendering import page

_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def show_grid(
    request: Request, grid: Grid, title: str, template: str = "grid.html", values: Mapping[str, Any] | None = None
) -> Response:
    """The page of a grid. The template sees `answer`, `title`, `exports` and `values`."""
    found = answer(console_of(request), grid, parse(grid, request.query_params))
    files = list(exports(request))
    shown: dict[str, Any] = {"answer": found, "title": title, "exports": files, **(values or {})}
    return page(request, template, **shown)


def export_grid(request: Request, grid: Grid) -> Response:
    """The rows that the same address shows, all of them, as the file that `form` names: csv, jsonl or xlsx."""
    form = request.query_params.get("form", "")
    if form not in _TYPES:
        raise UsageError(f"there is no format {form[:20]!r} here", f"use one of {', '.join(_TYPES)}")
    asked = parse(grid, request.query_params)
    app = console_of(request).app
    _, connectors = chosen_connectors(app.store, asked.connector)
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="stocktake-"))) / f"{grid.name}.{form}"
        with app.store.read() as connection:
            rows, columns = export_rows_of(connection, grid, asked, connectors, app.name_of(connection))
            export_rows(rows, columns, form, str(path))
        put_away = stack.pop_all()  # the answer needs the file for as long as it is being sent
    return FileResponse(path, media_type=_TYPES[form], filename=path.name, background=BackgroundTask(put_away.close))


def exports(request: Request) -> Iterator[tuple[str, str]]:
    """(format, address) of what is seen as a file."""
    query = request.url.query
    for form in _TYPES:
        yield form, f"{request.url.path}/export?{query + '&' if query else ''}form={form}"
