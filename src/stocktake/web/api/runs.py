"""/api/v1/runs: runs with their ledgers. What `sync --json` prints."""

from typing import Annotated

from fastapi import HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response

from stocktake.store.connectors import get_connector
from stocktake.store.runs import count_runs, find_run, page_of_runs
from stocktake.sync.close import run_report
from stocktake.web.api.datasets import LARGEST_PAGE
from stocktake.web.console import console_of
from stocktake.web.grid import chosen_connectors
from stocktake.web.guards import signed_in

_COLUMNS = ("connector", "id", "mode", "outcome", "reason", "started_at", "finished_at", "rows")


def show(
    request: Request,
    connector: str = "",
    page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    size: Annotated[int, Query(ge=1, le=LARGEST_PAGE)] = 50,
) -> Response:
    app = console_of(request).app
    _, chosen = chosen_connectors(app.store, connector)
    ids = [known.id for known in chosen]
    with app.store.read() as connection:
        total = count_runs(connection, ids)
        found = page_of_runs(connection, ids, offset=(page - 1) * size, limit=size)
    rows = [{"run" if name == "id" else name: row[name] for name in _COLUMNS} for row in found]
    return JSONResponse({"rows": rows, "total": total, "page": page, "size": size})


def show_one(request: Request, run: int) -> Response:
    app = console_of(request).app
    with app.store.read() as connection:
        found = find_run(connection, run)
    if found is None:
        raise HTTPException(404, f"there is no run {run}")
    connector = next(known for known in chosen_connectors(app.store, "")[0] if known.id == found.connector_id)
    return JSONResponse(run_report(app.store, connector, run).as_json())


def start(request: Request, connector: str) -> Response:
    """202: the sync was begun, or goes on; 409 if it is running."""
    console = console_of(request)
    console.runner.start(get_connector(console.app.store, connector))
    return JSONResponse({"connector": connector, "state": "started"}, 202)


def cancel(request: Request, connector: str) -> Response:
    console = console_of(request)
    wanted = get_connector(console.app.store, connector)
    if not console.runner.cancel(wanted, signed_in(request).name):
        raise HTTPException(404, f"no sync of {connector} is running")
    return JSONResponse({"connector": connector, "state": "cancelling"}, 202)
