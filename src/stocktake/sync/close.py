"""Closing a run: what was staged becomes history, the independent checks are made, the run gets its outcome."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from stocktake.catalog import SOURCES, Dataset, Report, Source
from stocktake.store.connectors import Connector
from stocktake.store.engine import Store
from stocktake.store.runs import Entry, Run, finish_run, get_run, ledger, save_progress, settle
from stocktake.store.spans import Changes, Proof, merge
from stocktake.sync.context import SourceState
from stocktake.sync.outcomes import Outcome, is_whole, run_outcome
from stocktake.sync.reports import check_report

_SETTLED_BY_DATA = (Outcome.COMPLETE, Outcome.INCOMPLETE, Outcome.CONCEALED)
_NAMED = 3  # products named in a check, the rest is counted


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came of a run; `as_json` is the object of `sync --json`."""

    connector: Connector
    run: Run
    entries: tuple[Entry, ...]

    @property
    def exit_code(self) -> int:
        return {Outcome.COMPLETE: 0, Outcome.INCOMPLETE: 3}.get(Outcome(str(self.run.outcome)), 1)

    def as_json(self) -> dict[str, object]:
        return {
            "run": self.run.id,
            "connector": self.connector.name,
            "permissions": self.connector.permissions,
            "outcome": self.run.outcome,
            "started_at": self.run.started_at,
            "finished_at": self.run.finished_at,
            "sources": [
                {
                    "source": entry.source,
                    "outcome": entry.outcome,
                    "reason": entry.reason,
                    "remedy": entry.remedy,
                    "mode": entry.mode,
                    "pages": entry.pages,
                    "rows": entry.rows,
                    "added": entry.added,
                    "changed": entry.changed,
                    "removed": entry.removed,
                    "requests": entry.requests,
                    "retries": entry.retries,
                    "throttled": entry.throttled,
                    "waited_s": entry.waited_s,
                    "check": entry.check,
                }
                for entry in self.entries
            ],
        }


def close_run(store: Store, connector: Connector, run_id: int) -> None:
    """Merge each source in a transaction of its own; what a killed attempt has merged is not merged again."""
    with store.read() as connection:
        entries = {entry.source: entry for entry in ledger(connection, run_id)}
    for source in SOURCES:
        entry = entries[source.name]
        if not entry.checkpoint.merged:
            with store.write() as connection:
                _close_source(connection, connector.id, run_id, source, entry)
    with store.write() as connection:
        found = {entry.source: entry.outcome for entry in ledger(connection, run_id)}
        outcomes = [found[source.name] for source in SOURCES]
        outcome = run_outcome([is_whole(source, found[source.name]) for source in SOURCES], outcomes)
        finish_run(connection, run_id, outcome.value, None)


def run_report(store: Store, connector: Connector, run_id: int) -> RunReport:
    with store.read() as connection:
        return RunReport(connector, get_run(connection, run_id), tuple(ledger(connection, run_id)))


def _close_source(connection: Connection, connector_id: int, run_id: int, source: Source, entry: Entry) -> None:
    state = SourceState.of(source, entry)
    outcome = entry.outcome
    if isinstance(source, Report) and outcome == Outcome.COMPLETE:
        outcome = _checked_report(connection, connector_id, run_id, source, entry)
    if outcome in _SETTLED_BY_DATA and entry.checkpoint.started:
        # A concealed report was read to its end like any other; an incomplete listing proves nobody's absence.
        proof = None if outcome == Outcome.INCOMPLETE else Proof(source.name, run_id)
        for dataset in source.datasets:
            changes = merge(connection, dataset, connector_id, run_id, state.scope, proof)
            _record(connection, run_id, source, dataset, changes, entry)
        if source.name == "users":
            check = _consumed_check(connection, connector_id)
            settle(connection, run_id, "assignments", check=check)
    entry.checkpoint.merged = True
    counters = state.spent()
    counters.rows = entry.rows
    save_progress(connection, run_id, source.name, entry.checkpoint, counters)


def _record(
    connection: Connection, run_id: int, source: Source, dataset: Dataset, changes: Changes, entry: Entry
) -> None:
    if dataset is source.datasets[0]:
        name = source.name
        entry.rows = changes.rows
    elif dataset.ledger:
        name = dataset.name
    else:
        return
    settle(
        connection,
        run_id,
        name,
        rows=changes.rows,
        added=changes.added,
        changed=changes.changed,
        removed=changes.removed,
    )


def _checked_report(connection: Connection, connector_id: int, run_id: int, source: Report, entry: Entry) -> str:
    verdict = check_report(connection, connector_id, source, entry)
    if verdict.outcome == Outcome.COMPLETE:
        settle(connection, run_id, source.name, check=verdict.check)
    else:
        settle(
            connection,
            run_id,
            source.name,
            outcome=verdict.outcome.value,
            reason=verdict.reason,
            remedy=verdict.remedy,
        )
    return verdict.outcome


def _consumed_check(connection: Connection, connector_id: int) -> str:
    """consumedUnits against the holders listed. A difference is a warning: lag and error states explain it."""
    rows = connection.execute(
        text(
            "SELECT s.sku_id, s.sku_part_number, s.consumed, count(DISTINCT a.user_id) AS holders "
            "FROM subscriptions AS s LEFT JOIN assignments AS a ON a.connector_id = s.connector_id "
            "AND a.sku_id = s.sku_id AND a.to_run IS NULL AND (a.state IS NULL OR a.state <> 'Error') "
            "WHERE s.connector_id = :connector AND s.to_run IS NULL AND s.applies_to = 'User' "
            "GROUP BY s.sku_id, s.sku_part_number, s.consumed ORDER BY s.sku_part_number"
        ),
        {"connector": connector_id},
    ).all()
    if not rows:
        return "no subscribed SKUs to compare with"
    off = [row for row in rows if row.consumed is not None and row.consumed != row.holders]
    if not off:
        return f"consumedUnits equals the holders of all {len(rows)} products"
    named = ", ".join(f"{row.sku_part_number} {row.consumed} against {row.holders}" for row in off[:_NAMED])
    more = f" and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
    return f"warning: consumedUnits differs from the holders of {len(off)} products: {named}{more}"
