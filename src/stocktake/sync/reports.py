"""Fetching a usage report and staging its rows; matching them to users comes when the run is closed."""

import asyncio
from functools import partial
from itertools import islice

from sqlalchemy import Connection, text

from stocktake.catalog import Dataset, Report
from stocktake.catalog.report_file import ReportReader
from stocktake.catalog.usage import ReportFile, Usage
from stocktake.store.bulk import stage
from stocktake.store.spans import clear_staging
from stocktake.sync.context import RunContext, SourceState
from stocktake.sync.listing import report_progress
from stocktake.sync.outcomes import Outcome, Verdict

ROWS_AT_ONCE = 5000  # a report of a large tenant has hundreds of thousands

_NOT_OFFERED = Verdict(
    Outcome.NOT_LICENSED, "usage reports are offered in Microsoft's global cloud only", "Nothing can be done about it"
)


async def fetch_report(context: RunContext, report: Report, state: SourceState) -> Verdict:
    """Download, read and stage one report."""
    if not context.cloud.reports:
        return _NOT_OFFERED
    body = await context.client.download(context.client.url(report.path), state.meter)
    usage, files = report.datasets
    checkpoint = state.checkpoint
    state.counters.pages, state.counters.rows = 1, 0
    await context.commit(lambda connection: clear_staging(connection, usage, context.connector.id, state.scope))
    reader = ReportReader(report, body)
    rows = reader.rows()
    while part := await asyncio.to_thread(lambda: list(islice(rows, ROWS_AT_ONCE))):
        state.counters.rows += len(part)
        checkpoint.started = True
        await context.commit(partial(_stage, usage, context.connector.id, part))
        report_progress(context, state)
    checkpoint.started = checkpoint.finished = True
    checkpoint.items = state.counters.rows
    file = reader.file

    def finish(connection: Connection) -> None:
        stage(connection, files, context.connector.id, [file])
        state.save(connection, context.run_id)

    await context.commit(finish)
    return _verdict(file, checkpoint.items)


def _stage(dataset: Dataset, connector_id: int, rows: list[Usage], connection: Connection) -> None:
    stage(connection, dataset, connector_id, rows)


def _verdict(file: ReportFile, rows: int) -> Verdict:
    missing = ", ".join(file.missing_columns)
    if file.concealed:
        return Verdict(
            Outcome.CONCEALED,
            "Microsoft printed codes in place of names, so activity can't be told person by person",
            "Admin center: Settings, Org settings, Reports: untick the display of de-identified names",
        )
    if missing:
        return Verdict(Outcome.INCOMPLETE, f"the report came without the columns {missing}", "Update Stocktake")
    unknown = f"; new columns, kept as text: {', '.join(file.unknown_columns)}" if file.unknown_columns else ""
    return Verdict(Outcome.COMPLETE, check=f"{rows} rows, refreshed on {file.refreshed_on}{unknown}")


def match_users(connection: Connection, connector_id: int) -> None:
    """Give each staged row the user whose sign-in name it prints, where exactly one live user has that name."""
    connection.execute(
        text(
            "UPDATE stage_usage SET user_id = one.id FROM ("
            "SELECT user_principal_name_folded AS name, min(id) AS id FROM users "
            "WHERE connector_id = :connector AND to_run IS NULL GROUP BY user_principal_name_folded HAVING count(*) = 1"
            ") AS one WHERE stage_usage.connector_id = :connector AND stage_usage.subject = one.name"
        ),
        {"connector": connector_id},
    )
