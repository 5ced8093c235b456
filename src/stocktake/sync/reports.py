"""Fetching a usage report and staging its rows; matching them to users comes when the run is closed."""

import asyncio
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from sqlalchemy import Connection, text

from stocktake.catalog import Dataset, Report
from stocktake.catalog.declaration import ANY_LICENCE
from stocktake.catalog.report_file import ReportReader
from stocktake.catalog.usage import GROUP_USAGE, USAGE, ReportFile
from stocktake.errors import StocktakeError
from stocktake.graph.answers import NotFoundError, RefusedError
from stocktake.graph.link import LinkTrail
from stocktake.store.bulk import stage
from stocktake.store.runs import Entry
from stocktake.store.spans import clear_staging
from stocktake.sync.context import RunContext, SourceState
from stocktake.sync.listing import report_progress
from stocktake.sync.outcomes import Outcome, Verdict

ROWS_AT_ONCE = 5000  # a report of a large tenant has hundreds of thousands

_NOT_OFFERED = Verdict(
    Outcome.NOT_LICENSED, "usage reports are offered in Microsoft's global cloud only", "Nothing can be done about it"
)
_NO_DATA = Verdict(
    Outcome.NOT_LICENSED,
    "Microsoft has no data for this report: nobody in the tenant uses the service (UnknownTenantId)",
    "Nothing has to be done; the report comes by itself some days after the service is first used",
)
_NO_COPILOT = Verdict(
    Outcome.NOT_LICENSED, "Microsoft does not offer the Copilot report to this tenant", "Nothing can be done about it"
)


async def fetch_report(context: RunContext, report: Report, state: SourceState) -> Verdict:
    """Download, read and stage one report."""
    if not context.cloud.reports:
        return _NOT_OFFERED
    # A file of a large tenant fills a hundred megabytes, and all reports together would fill gigabytes.
    async with context.report_bodies:
        try:
            body = await context.client.download(context.client.url(report.path), state.meter)
        except (NotFoundError, RefusedError) as refusal:
            verdict = _not_there(report, refusal)
            if verdict is None:
                raise
            return verdict
        return await _read(context, report, state, body)


def _not_there(report: Report, refusal: StocktakeError) -> Verdict | None:
    """The published refusals that say that there is no such report here (graph-facts 9): microsoft-graph-docs#5738 for
    a tenant without data, #7117 for a function that is not there, which for Copilot means not in this cloud."""
    if isinstance(refusal, NotFoundError) and refusal.code == "UnknownTenantId":
        return _NO_DATA
    apart = report.root == "/copilot/reports"
    if apart and isinstance(refusal, RefusedError) and "Resource not found for the segment" in refusal.message:
        return _NO_COPILOT
    return None


async def _read(context: RunContext, report: Report, state: SourceState, body: bytes) -> Verdict:
    rows_of, files = report.datasets
    checkpoint = state.checkpoint
    state.counters.pages, state.counters.rows = 0, 0
    await context.commit(lambda connection: clear_staging(connection, rows_of, context.connector.id, state.scope))
    reader = ReportReader(report, body)
    trail = LinkTrail()
    while True:
        state.counters.pages += 1
        rows = reader.rows()
        while part := await asyncio.to_thread(_some, rows):
            state.counters.rows += len(part)
            checkpoint.started = True
            await context.commit(partial(_stage, rows_of, context.connector.id, part))
            report_progress(context, state)
        if reader.next_link is None:
            break
        reader.turn(await context.client.download(trail.follow(reader.next_link), state.meter))
    checkpoint.started = checkpoint.finished = True
    checkpoint.items = state.counters.rows
    file = reader.file

    def finish(connection: Connection) -> int:
        stage(connection, files, context.connector.id, [file])
        state.save(connection, context.run_id)
        return _staged(connection, context.connector.id, report)

    return _verdict(report, file, checkpoint.items, await context.commit(finish))


def _some(rows: Iterator[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return list(islice(rows, ROWS_AT_ONCE))


def _stage(dataset: Dataset, connector_id: int, rows: list[tuple[Any, ...]], connection: Connection) -> None:
    stage(connection, dataset, connector_id, rows)


def _verdict(report: Report, file: ReportFile, rows: int, kept: int) -> Verdict:
    if file.concealed:
        lost = "activity can't be told person by person" if report.key is None else "owners can't be told"
        return Verdict(
            Outcome.CONCEALED,
            f"Microsoft printed codes in place of names, so {lost}",
            "Admin center: Settings, Org settings, Reports: untick the display of de-identified names",
        )
    if file.missing_columns:
        missing = ", ".join(file.missing_columns)
        return Verdict(Outcome.INCOMPLETE, f"the report came without the columns {missing}", "Update Stocktake")
    doubled = f"; {rows - kept} more repeat a name, of which the last was kept" if kept < rows else ""
    unknown = f"; new columns, kept as text: {', '.join(file.unknown_columns)}" if file.unknown_columns else ""
    return Verdict(Outcome.COMPLETE, check=f"{kept} rows, refreshed on {file.refreshed_on}{doubled}{unknown}")


def _staged(connection: Connection, connector_id: int, report: Report) -> int:
    return _count(
        connection,
        f"SELECT count(*) FROM stage_{report.datasets[0].name} "
        "WHERE connector_id = :connector AND report = :report AND period = :period",
        _scope(connector_id, report),
    )


def check_report(connection: Connection, connector_id: int, report: Report, entry: Entry) -> Verdict:
    """Match a report that was read to its end with the users, and hold it against what else is known of the tenant.

    A report without rows where it ought to have some says nothing: it must not read as "nobody is active".
    """
    if report.datasets[0] is USAGE:
        _match_users(connection, connector_id, report)
    if entry.checkpoint.items == 0:
        reason = _too_empty(connection, connector_id, report)
        if reason:
            return Verdict(Outcome.INCOMPLETE, f"the report came back empty although {reason}", "Sync again tomorrow")
    return Verdict(Outcome.COMPLETE, check=f"{entry.check}; {_compared(connection, connector_id, report)}")


def _match_users(connection: Connection, connector_id: int, report: Report) -> None:
    """Give each staged row the user whose sign-in name it prints, where exactly one live user has that name."""
    connection.execute(
        text(
            "UPDATE stage_usage SET user_id = one.id FROM ("
            "SELECT user_principal_name_folded AS name, min(id) AS id FROM users "
            "WHERE connector_id = :connector AND to_run IS NULL GROUP BY user_principal_name_folded HAVING count(*) = 1"
            ") AS one WHERE stage_usage.connector_id = :connector AND stage_usage.report = :report "
            "AND stage_usage.period = :period AND stage_usage.subject = one.name"
        ),
        _scope(connector_id, report),
    )


def _too_empty(connection: Connection, connector_id: int, report: Report) -> str:
    """Why an empty report can't be believed; empty where it can."""
    if report.holders:
        licensed = _holders(connection, connector_id, report.holders)
        return f"{licensed} users hold licences for it" if licensed else ""
    if report.datasets[0] is GROUP_USAGE:
        groups = _microsoft365_groups(connection, connector_id)
        return f"there are {groups} Microsoft 365 groups" if groups else ""
    before = _count(
        connection,
        f"SELECT count(*) FROM {report.datasets[0].name} "
        "WHERE connector_id = :connector AND report = :report AND period = :period AND to_run IS NULL",
        _scope(connector_id, report),
    )
    return f"it had {before} rows the last time" if before else ""


def _compared(connection: Connection, connector_id: int, report: Report) -> str:
    if report.datasets[0] is GROUP_USAGE:
        return f"the directory lists {_microsoft365_groups(connection, connector_id)} Microsoft 365 groups"
    if report.datasets[0] is not USAGE:
        return "Graph gives no count of sites to compare with"
    matched = _count(
        connection,
        "SELECT count(*) FROM stage_usage WHERE connector_id = :connector AND report = :report AND period = :period "
        "AND user_id <> 0",
        _scope(connector_id, report),
    )
    if not report.holders:
        return f"{matched} of them are present users"
    for_it = "" if report.holders == ANY_LICENCE else " for it"
    licensed = _holders(connection, connector_id, report.holders)
    return f"{matched} of them are present users; {licensed} users hold licences{for_it}"


def _holders(connection: Connection, connector_id: int, plans: tuple[str, ...]) -> int:
    """Users who hold a service plan whose name begins so, and in whose licence it is not switched off."""
    if plans == ANY_LICENCE:
        query = "SELECT count(DISTINCT user_id) FROM assignments WHERE connector_id = :connector AND to_run IS NULL"
        return _count(connection, query, {"connector": connector_id})
    # No wildcard of LIKE: an underscore, of which these names are full, is one.
    begins = " OR ".join(f"substr(p.service_plan_name, 1, {len(plan)}) = :plan{at}" for at, plan in enumerate(plans))
    return _count(
        connection,
        "SELECT count(DISTINCT a.user_id) FROM assignments AS a JOIN service_plans AS p "
        "ON p.connector_id = a.connector_id AND p.sku_id = a.sku_id AND p.to_run IS NULL "
        "WHERE a.connector_id = :connector AND a.to_run IS NULL AND (a.state IS NULL OR a.state <> 'Error') "
        f"AND ({begins}) AND a.disabled_plan_ids NOT LIKE '%' || p.service_plan_id || '%'",
        {"connector": connector_id, **{f"plan{at}": plan for at, plan in enumerate(plans)}},
    )


def _microsoft365_groups(connection: Connection, connector_id: int) -> int:
    query = "SELECT count(*) FROM groups WHERE connector_id = :connector AND to_run IS NULL AND kind = 'microsoft365'"
    return _count(connection, query, {"connector": connector_id})


def _count(connection: Connection, query: str, values: dict[str, object]) -> int:
    return int(connection.execute(text(query), values).scalar_one())


def _scope(connector_id: int, report: Report) -> dict[str, object]:
    return {"connector": connector_id, "report": report.function, "period": report.period or 0}
