"""Runs: what is being read, how it goes, and what came of earlier runs."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import Form, HTTPException, Request
from fastapi.responses import RedirectResponse, Response

from stocktake.errors import StocktakeError
from stocktake.jobs.background import Live
from stocktake.store.connectors import Connector, get_connector, get_connector_by_id
from stocktake.store.runs import Entry, Run, count_runs, find_run, ledger, page_of_runs, unfinished_run
from stocktake.web.console import Console, console_of
from stocktake.web.grid import chosen_connectors
from stocktake.web.guards import signed_in
from stocktake.web.rendering import page

_A_PAGE = 50


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the ledger, with the live figures of this process where it runs here."""

    entry: Entry
    rows: int
    pages: int
    rate: float | None  # rows a second
    expected: int | None
    waiting: str
    begun: bool

    @property
    def share(self) -> int | None:
        """Hundredths of what Graph counted."""
        if not self.expected:
            return None
        return min(100, round(100 * self.rows / self.expected))


def show(request: Request) -> Response:
    console = console_of(request)
    name = request.query_params.get("connector", "")
    every, chosen = chosen_connectors(console.app.store, name)
    number = request.query_params.get("page", "1")
    at = int(number) if number.isdecimal() and int(number[:9]) > 0 else 1
    ids = [connector.id for connector in chosen]
    with console.app.store.read() as connection:
        total = count_runs(connection, ids)
        pages = max(1, -(-total // _A_PAGE))
        at = min(at, pages)
        found = page_of_runs(connection, ids, offset=(at - 1) * _A_PAGE, limit=_A_PAGE)
    values: dict[str, Any] = {
        "connectors": every,
        "chosen": name,
        "runs": found,
        "total": total,
        "page_number": at,
        "pages": pages,
    }
    return page(request, "runs.html", **values, **_state(request, chosen))


def show_run(request: Request, run: int) -> Response:
    return page(request, "run.html", **_run_values(request, run))


def progress(request: Request, run: int) -> Response:
    """The changing part of a run's page."""
    return page(request, "run_state.html", **_run_values(request, run))


def start(request: Request, connector: Annotated[str, Form()] = "") -> Response:
    console = console_of(request)
    console.runner.start(get_connector(console.app.store, connector))
    return RedirectResponse("/runs?" + urlencode({"connector": connector}), 303)


def cancel(request: Request, run: int) -> Response:
    console = console_of(request)
    found, connector = _find(console, run)
    if found.finished_at is None:
        console.runner.cancel(connector, signed_in(request).name)
    return RedirectResponse(f"/runs/{run}", 303)


def _state(request: Request, connectors: list[Connector]) -> dict[str, Any]:
    """For each connector: its unfinished run, or that a sync waits for its turn, or why the last try failed."""
    console = console_of(request)
    live = console.runner.running()
    states = []
    with console.app.store.read() as connection:
        for connector in connectors:
            run = unfinished_run(connection, connector.id)
            lines = _lines(ledger(connection, run.id), live.get(connector.name, {})) if run else []
            failure = console.runner.failure(connector.name)
            here = connector.name in live
            states.append({"connector": connector, "run": run, "lines": lines, "failure": failure, "here": here})
    return {"states": states, "busy": any(state["run"] or state["here"] for state in states)}


def _run_values(request: Request, run_id: int) -> dict[str, Any]:
    console = console_of(request)
    run, connector = _find(console, run_id)
    live = console.runner.running().get(connector.name)
    with console.app.store.read() as connection:
        entries = ledger(connection, run_id)
    running = run.finished_at is None
    ended = datetime.fromisoformat(run.finished_at) if run.finished_at else datetime.now(UTC)
    return {
        "run": run,
        "connector": connector,
        "running": running,
        "here": running and live is not None,
        "lines": _lines(entries, (live or {}) if running else {}),
        "seconds": (ended - datetime.fromisoformat(run.started_at)).total_seconds(),
        "failure": console.runner.failure(connector.name) if running else None,
    }


def _find(console: Console, run_id: int) -> tuple[Run, Connector]:
    with console.app.store.read() as connection:
        run = find_run(connection, run_id)
    if run is None:
        raise HTTPException(404, f"there is no run {run_id}")
    try:
        return run, get_connector_by_id(console.app.store, run.connector_id)
    except StocktakeError as error:
        raise HTTPException(404, error.message) from None


def _lines(entries: list[Entry], live: dict[str, Live]) -> list[Line]:
    lines = []
    for entry in entries:
        now = live.get(entry.source)
        if now is None or entry.outcome is not None:
            begun = entry.pages > 0 or entry.outcome is not None
            lines.append(Line(entry, entry.rows, entry.pages, None, None, entry.waiting or "", begun))
        else:
            seen = now.progress
            lines.append(Line(entry, seen.rows, seen.pages, now.rate, seen.expected, seen.waiting, begun=True))
    return lines
