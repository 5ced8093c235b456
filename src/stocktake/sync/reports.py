"""Fetching a usage report and staging its rows; matching them to users comes when the run is closed."""

import asyncio

from sqlalchemy import Connection, text

from stocktake.catalog import Report
from stocktake.catalog.report_file import ParsedReport, read_report
from stocktake.store.bulk import stage
from stocktake.sync.context import RunContext, SourceState
from stocktake.sync.listing import report_progress
from stocktake.sync.outcomes import Outcome, Verdict

_NOT_OFFERED = Verdict(
    Outcome.NOT_LICENSED, "usage reports are offered in Microsoft's global cloud only", "Nothing can be done about it"
)


async def fetch_report(context: RunContext, report: Report, state: SourceState) -> Verdict:
    """Download, read and stage one report."""
    if not context.cloud.reports:
        return _NOT_OFFERED
    body = await context.client.download(context.client.url(report.path), state.meter)
    parsed = await asyncio.to_thread(read_report, report, body)
    usage, files = report.datasets
    checkpoint = state.checkpoint
    checkpoint.started = checkpoint.finished = True
    checkpoint.items = state.counters.rows = len(parsed.rows)
    state.counters.pages = 1

    def change(connection: Connection) -> None:
        stage(connection, usage, context.connector.id, parsed.rows)
        stage(connection, files, context.connector.id, [parsed.file])
        state.save(connection, context.run_id)

    await context.commit(change)
    report_progress(context, state)
    return _verdict(report, parsed)


def _verdict(report: Report, parsed: ParsedReport) -> Verdict:
    missing = ", ".join(parsed.file.missing_columns)
    if parsed.file.concealed:
        return Verdict(
            Outcome.CONCEALED,
            "Microsoft printed codes in place of names, so activity can't be told person by person",
            "Admin center: Settings, Org settings, Reports: untick the display of de-identified names",
        )
    if missing:
        return Verdict(Outcome.INCOMPLETE, f"the report came without the columns {missing}", "Update Stocktake")
    return Verdict(Outcome.COMPLETE, check=f"{len(parsed.rows)} rows, refreshed on {parsed.file.refreshed_on}")


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
