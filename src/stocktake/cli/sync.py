"""`stocktake sync`: read tenants."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from stocktake.cli.installation import chosen, installation
from stocktake.cli.options import Json
from stocktake.cli.output import Row, note, print_json, print_rows, say
from stocktake.errors import StocktakeError, UsageError

if TYPE_CHECKING:
    from stocktake.app import App
    from stocktake.store.connectors import Connector
    from stocktake.sync.close import RunReport

LEDGER_COLUMNS = (
    "source",
    "outcome",
    "rows",
    "added",
    "changed",
    "removed",
    "pages",
    "requests",
    "retries",
    "throttled",
    "waited_s",
)
_WORST_FIRST = (1, 3, 0)


def sync(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="A connector; without a name all of them.")
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="Read everything again instead of what has changed.")] = False,
    json: Json = False,
) -> int:
    """Read what has changed in one tenant, or in all of them."""
    with installation() as app:
        connectors = chosen(app, name)
        if not connectors:
            raise UsageError("there is no connector yet", "add one with `stocktake connector add`")
        if name is not None:
            report = sync_one(app, connectors[0], full=full)
            _print([report], json=json, alone=True)
            return report.exit_code
        results = [_try(app, connector, full=full) for connector in connectors]
        _print([report for report, _ in results if report is not None], json=json, alone=False)
    codes = {code for _, code in results}
    return next(code for code in _WORST_FIRST if code in codes)


def sync_one(app: "App", connector: "Connector", *, full: bool) -> "RunReport":
    """Sync a connector with its progress on stderr."""
    from stocktake.cli.progress import progress_of
    from stocktake.jobs.runner import sync_connector

    with progress_of(connector.name) as progress:
        return sync_connector(app.settings, app.store, app.sealer, connector, full=full, progress=progress)


def _try(app: "App", connector: "Connector", *, full: bool) -> tuple["RunReport | None", int]:
    """One tenant that can't be read is no reason to leave out the others."""
    try:
        report = sync_one(app, connector, full=full)
    except StocktakeError as error:
        note(f"{connector.name}: {error.message} {error.remedy}")
        return None, 1
    return report, report.exit_code


def _print(reports: Sequence["RunReport"], *, json: bool, alone: bool) -> None:
    if json:
        print_json(reports[0].as_json() if alone else [report.as_json() for report in reports])
        return
    for report in reports:
        print_ledger(report)


def print_ledger(report: "RunReport") -> None:
    """The completeness ledger of a run for people: figures, then what is missing and why, then the checks."""
    facts = report.as_json()
    sources: list[Row] = facts["sources"]  # type: ignore[assignment]
    run = report.run
    say(f"{report.connector.name}: run {run.id} is {run.outcome} ({run.started_at} to {run.finished_at})")
    print_rows(LEDGER_COLUMNS, sources)
    for line in _remarks(sources):
        say(line)


def _remarks(sources: Sequence[Row]) -> Iterator[str]:
    for source in sources:
        if source["reason"]:
            remedy = f" {source['remedy']}." if source["remedy"] else ""
            yield f"  {source['source']}: {source['reason']}.{remedy}"
        if source["check"]:
            yield f"  {source['source']}: {source['check']}."
