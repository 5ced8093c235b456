"""Usage: when people were last active, as Microsoft's reports tell it, and for whom that is not known."""

from dataclasses import dataclass, replace
from functools import cache, partial

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection, text

from stocktake.catalog import SOURCES, Report
from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import ANY_LICENCE
from stocktake.catalog.report_file import snake
from stocktake.catalog.usage import USAGE
from stocktake.errors import UsageError
from stocktake.store.grids import Scope, json_field, scopes_of
from stocktake.store.reading import view, visible
from stocktake.store.runs import ledger
from stocktake.web.columns import columns_for
from stocktake.web.console import console_of
from stocktake.web.grid import Filter, Grid, GridColumn, Row, chosen_connectors
from stocktake.web.pages.grids import export_grid, show_grid
from stocktake.web.pages.users import user_address
from stocktake.web.wording import words

REPORTS: tuple[Report, ...] = tuple(
    source for source in SOURCES if isinstance(source, Report) and source.datasets[0] is USAGE
)
_OWN = {"report refresh date", "user principal name", "display name", "last activity date"}
_SHOWN = ("user_principal_name", "last_activity_on", "refreshed_on")


# Tells rows apart that print the same name: somebody deleted, and somebody new of that name.
_SUBJECT = GridColumn("subject", "Row of the report", Kind.TEXT, "t.subject")


@dataclass(frozen=True, slots=True)
class Coverage:
    """Of how many users a report tells the activity; `reason` says why it may be fewer than all.

    `licensed`: all who hold any licence, where the report is about them; None where it is about some of them.
    """

    connector: str
    licensed: int | None
    told: int
    outcome: str | None
    reason: str | None

    @property
    def unknown(self) -> int:
        return (self.licensed or self.told) - self.told


def show(request: Request) -> Response:
    report = _report(request)
    coverage = _coverage(request, report)
    options = [(known.name, words(known.name).capitalize()) for known in REPORTS]
    values = {"reports": options, "report": report, "coverage": coverage}
    return show_grid(request, grid_of(report), "Usage", "usage.html", values)


def export(request: Request) -> Response:
    return export_grid(request, grid_of(_report(request)))


def _report(request: Request) -> Report:
    name = request.query_params.get("report", "") or REPORTS[0].name
    for report in REPORTS:
        if report.name == name:
            return report
    raise UsageError(f"there is no report {name[:60]!r}", "choose one that the page offers")


@cache
def grid_of(report: Report) -> Grid:
    """The rows of one report, with a column for each value that Microsoft documents."""
    plain = [
        replace(column, link=_user_link, needs=("user_id",)) if column.name == "user_principal_name" else column
        for column in columns_for(view("usage"), _SHOWN)
        if column.name not in ("metrics", "report")
    ]
    own = _OWN | {report.names.lower()}
    documented = [column for column in report.metrics if column.name.lower() not in own]
    metrics = [
        GridColumn(
            snake(column.name),
            column.name,
            column.kind,
            partial(_metric, snake(column.name), column.kind),
            shown=column.kind is Kind.DAY and column.name.endswith("Last Activity Date"),
            absent="no activity in this period" if column.kind is Kind.DAY else "Microsoft left it blank",
        )
        for column in documented
    ]
    dates = {"yes": "t.last_activity_on IS NOT NULL", "no": "t.last_activity_on IS NULL"}
    return Grid(
        name="usage",
        view=view("usage"),
        columns=(*plain[: len(_SHOWN)], *metrics, *plain[len(_SHOWN) :], _SUBJECT),
        key=("subject",),
        searched=("t.user_principal_name",),
        sort="last_activity_on",
        filters=(
            Filter("active", "Any activity", dates, (("yes", "yes"), ("no", "no"))),
            Filter(
                "idle_since", "No activity since", {"": "COALESCE(t.last_activity_on, '') < :idle_since"}, kind=Kind.DAY
            ),
            Filter(
                "matched",
                "User found",
                {"yes": "t.user_id <> 0", "no": "t.user_id = 0"},
                (("yes", "yes"), ("no", "no")),
            ),
        ),
        conditions=("t.report = :report AND t.period = :period",),
        values={"report": report.function, "period": report.period or 0},
        sources=("users", report.name),
    )


def _metric(key: str, kind: Kind, sqlite: bool) -> str:
    return json_field("t.metrics", key, kind, sqlite=sqlite)


def _user_link(row: Row) -> str:
    return user_address(row["connector"], row["user_id"]) if row["user_id"] else ""


def _coverage(request: Request, report: Report) -> list[Coverage]:
    app = console_of(request).app
    _, connectors = chosen_connectors(app.store, request.query_params.get("connector", ""))
    with app.store.read() as connection:
        scopes = scopes_of(connection, connectors, request.query_params.get("as_of") or None)
        return [_coverage_of(connection, scope, report) for scope in scopes]


def _coverage_of(connection: Connection, scope: Scope, report: Report) -> Coverage:
    entry = next((entry for entry in ledger(connection, scope.run.id) if entry.source == report.name), None)
    told = f"SELECT t.user_id FROM usage AS t WHERE {visible('t')} AND t.report = :report AND t.period = :period"
    holders = f"SELECT DISTINCT a.user_id FROM assignments AS a WHERE {visible('a')}"
    everybody = report.holders == ANY_LICENCE
    row = connection.execute(
        text(
            f"SELECT count(*) AS counted, count(CASE WHEN h.user_id IN ({told}) THEN 1 END) AS told "
            f"FROM ({holders}) AS h"
            if everybody
            else f"SELECT 0 AS counted, count(*) AS told FROM ({told}) AS h WHERE h.user_id <> 0"
        ),
        {
            "connector": scope.connector.id,
            "run": scope.run.id,
            "report": report.function,
            "period": report.period or 0,
        },
    ).one()
    reason = (entry.reason or entry.outcome) if entry and entry.outcome != "complete" else None
    outcome = entry.outcome if entry else None
    return Coverage(scope.connector.name, row.counted if everybody else None, row.told, outcome, reason)
