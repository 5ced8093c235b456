"""Closing a run: what was staged becomes history, the independent checks are made, the run gets its outcome."""

from dataclasses import dataclass, replace

from sqlalchemy import Connection

from stocktake.catalog import SOURCES, Dataset, Report, Source, Stream
from stocktake.store.connectors import Connector
from stocktake.store.cursors import Cursor, drop_cursor, get_cursor, put_cursor
from stocktake.store.engine import Store
from stocktake.store.marks import clear_marks, copy_marks
from stocktake.store.runs import Checkpoint, Entry, Run, finish_run, get_run, ledger, save_progress, settle
from stocktake.store.spans import Changes, Proof, Scope, close_orphans, merge, present, touched_unmarked
from stocktake.sync.checks import consumed_check
from stocktake.sync.context import SourceState, ledger_names, primary
from stocktake.sync.outcomes import Outcome, is_whole, run_outcome
from stocktake.sync.reports import check_report
from stocktake.sync.rest import NAMED
from stocktake.sync.tracked import TOLD

_SETTLED_BY_DATA = (Outcome.COMPLETE, Outcome.INCOMPLETE, Outcome.CONCEALED)


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
        if not entries[source.name].checkpoint.merged:
            with store.write() as connection:
                _Closing(connection, connector.id, run_id, entries).close(source)
    with store.write() as connection:
        found = {entry.source: entry.outcome for entry in ledger(connection, run_id)}
        lines = [(source, name) for source in SOURCES for name in ledger_names(source)]
        outcome = run_outcome(
            [is_whole(source, found[name]) for source, name in lines], [found[name] for _, name in lines]
        )
        clear_marks(connection, connector.id)
        finish_run(connection, run_id, outcome.value, None)


def run_report(store: Store, connector: Connector, run_id: int) -> RunReport:
    with store.read() as connection:
        return RunReport(connector, get_run(connection, run_id), tuple(ledger(connection, run_id)))


@dataclass(frozen=True, slots=True)
class _Closing:
    """One transaction: a source's staged rows become history, and its cursor moves on with them."""

    connection: Connection
    connector_id: int
    run_id: int
    entries: dict[str, Entry]

    def close(self, source: Source) -> None:
        entry = self.entries[source.name]
        state = SourceState.of(source, entry)
        outcome = entry.outcome
        if isinstance(source, Report) and outcome == Outcome.COMPLETE:
            outcome = _checked_report(self.connection, self.connector_id, self.run_id, source, entry)
        if outcome in _SETTLED_BY_DATA and _may_be_merged(entry.checkpoint):
            # A concealed report was read to its end like any other; an incomplete listing proves nobody's absence.
            proof = None if outcome == Outcome.INCOMPLETE else Proof(source.name, self.run_id)
            for dataset in source.datasets:
                self._merge(source, dataset, state.scope, proof)
            if source.name == "users":
                self._check_assignments(entry)
            self._check_missed(source, entry)
            self._move_cursors(source, entry)
        entry.checkpoint.merged = True
        counters = state.spent()
        counters.rows = entry.rows
        save_progress(self.connection, self.run_id, source.name, entry.checkpoint, counters)

    def _merge(self, source: Source, dataset: Dataset, scope: Scope, proof: Proof | None) -> None:
        connection, connector_id, run_id = self.connection, self.connector_id, self.run_id
        line = self.entries[source.name]
        removed = 0
        if line.checkpoint.mode == "delta":
            proof = None
            if dataset.ledger:
                line = self.entries[dataset.name]
                proof = self._proof_of_rest(source, line)
            removed = self._close_orphans(source, dataset)
        changes = merge(connection, dataset, connector_id, run_id, scope, proof)
        if self.entries[source.name].checkpoint.mode == "delta":
            changes = replace(
                changes, rows=present(connection, dataset, connector_id), removed=changes.removed + removed
            )
        self._record(source, dataset, changes)

    def _proof_of_rest(self, source: Source, line: Entry) -> Proof | None:
        """What a pass over everybody proves; without its end it still tells all about those whom it named."""
        checkpoint = line.checkpoint
        if checkpoint.mode != "full":
            return None
        if checkpoint.finished and line.outcome == Outcome.COMPLETE:
            return Proof(line.source, self.run_id)
        copy_marks(self.connection, self.connector_id, f"{NAMED}:{source.name}", line.source)
        return None

    def _close_orphans(self, source: Source, dataset: Dataset) -> int:
        carrier = self.entries[source.name].checkpoint.cursor
        cursor = get_cursor(self.connection, self.connector_id, carrier) if carrier else None
        if cursor is None or carrier == source.name:
            return 0
        between = (cursor.run_id, self.run_id)
        return sum(
            close_orphans(self.connection, dataset, primary(ends), self.connector_id, between)
            for ends in SOURCES
            if isinstance(ends, Stream) and ends.delta is not None
        )

    def _record(self, source: Source, dataset: Dataset, changes: Changes) -> None:
        if dataset is source.datasets[0]:
            name = source.name
            self.entries[name].rows = changes.rows
        elif dataset.ledger:
            name = dataset.name
        else:
            return
        settle(
            self.connection,
            self.run_id,
            name,
            rows=changes.rows,
            added=changes.added,
            changed=changes.changed,
            removed=changes.removed,
        )

    def _check_assignments(self, entry: Entry) -> None:
        check = consumed_check(self.connection, self.connector_id)
        own = self.entries["assignments"].check if entry.checkpoint.mode == "delta" else None
        settle(self.connection, self.run_id, "assignments", check=f"{check}; {own}" if own else check)

    def _check_missed(self, source: Source, entry: Entry) -> None:
        """Where everything was read although there was a cursor: what has changed that the cursor does not lead to."""
        if not entry.checkpoint.audited:
            return
        name = f"{TOLD}:{entry.checkpoint.cursor or source.name}"
        missed = touched_unmarked(self.connection, primary(source), self.connector_id, self.run_id, name)
        said = f"warning: delta had missed changes of {missed}" if missed else "delta had missed nothing"
        settle(self.connection, self.run_id, source.name, check=f"{entry.check}; {said}")

    def _move_cursors(self, source: Source, entry: Entry) -> None:
        checkpoint = entry.checkpoint
        if checkpoint.cursor is not None and checkpoint.delta_link is None:
            drop_cursor(self.connection, self.connector_id, checkpoint.cursor)
        elif checkpoint.cursor is not None:
            self._move(checkpoint.cursor, checkpoint.delta_link, checkpoint)
        if isinstance(source, Stream) and source.delta is not None and source.delta.rest is not None:
            self._move_rest(source.delta.rest.name, entry)

    def _move_rest(self, name: str, entry: Entry) -> None:
        """The age of what no delta tracks; whatever was not wholly read is read for everybody next time."""
        line = self.entries[name] if entry.checkpoint.mode == "delta" else entry
        if line.outcome != Outcome.COMPLETE:
            drop_cursor(self.connection, self.connector_id, name)
        elif line.checkpoint.mode == "full":
            self._move(name, None, line.checkpoint)

    def _move(self, name: str, link: str | None, checkpoint: Checkpoint) -> None:
        before = get_cursor(self.connection, self.connector_id, name)
        whole = checkpoint.mode == "full" or before is None
        put_cursor(
            self.connection,
            Cursor(
                self.connector_id,
                name,
                link,
                checkpoint.fingerprint,
                self.run_id,
                taken_at=checkpoint.began_at,
                full_at=checkpoint.began_at if whole or before is None else before.full_at,
            ),
        )


def _may_be_merged(checkpoint: Checkpoint) -> bool:
    """A delta round that was not followed to its end is left out whole: its cursor stays and brings it all again."""
    return checkpoint.finished if checkpoint.mode == "delta" else checkpoint.started


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
