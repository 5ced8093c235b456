"""Turning what a run staged into history: one transaction that opens, closes and renews spans.

Readers look at finished runs only, so a half-merged run is never seen.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from stocktake.catalog import Dataset
from stocktake.store.tables import folded_name


@dataclass(frozen=True, slots=True)
class Proof:
    """That a source was read to its end in this run. Only the code that reached the end makes one: without it nothing
    may be taken for gone."""

    source: str
    run_id: int


@dataclass(frozen=True, slots=True)
class Changes:
    rows: int
    added: int
    changed: int
    removed: int


Scope = Mapping[str, object]


def clear_staging(connection: Connection, dataset: Dataset, connector_id: int, scope: Scope) -> None:
    """Forget what was staged: at the start of a run, and when a listing has to start again."""
    connection.execute(
        text(f"DELETE FROM stage_{dataset.name} WHERE connector_id = :connector{_scoped('', scope)}"),
        {"connector": connector_id, **scope},
    )


def merge(
    connection: Connection, dataset: Dataset, connector_id: int, run_id: int, scope: Scope, proof: Proof | None
) -> Changes:
    """Make the staged rows the dataset's present. Without a proof of completeness no span is closed for not being seen.

    `scope` narrows both sides to what one source is responsible for (a usage report within the table of all reports).
    """
    if proof is not None and proof.run_id != run_id:
        raise ValueError(f"the proof is of run {proof.run_id}, not of run {run_id}")
    statements = dict(_statements(dataset, scope))
    values = {"connector": connector_id, "run": run_id, **scope}
    rows = connection.execute(text(statements["rows"]), values).scalar_one()
    removed = connection.execute(text(statements["close_gone"]), values).rowcount if proof else 0
    changed = connection.execute(text(statements["close_changed"]), values).rowcount
    opened = connection.execute(text(statements["open"]), values).rowcount
    clear_staging(connection, dataset, connector_id, scope)
    return Changes(rows=rows, added=opened - changed, changed=changed, removed=removed)


def _statements(dataset: Dataset, scope: Scope) -> Iterator[tuple[str, str]]:
    names = [column.name for column in dataset.columns]
    folded = folded_name(dataset)
    if folded:
        names.append(folded)
    same_key = " AND ".join(f't."{name}" = s."{name}"' for name in dataset.key)
    differs = " OR ".join(f't."{name}" IS DISTINCT FROM s."{name}"' for name in names if name not in dataset.key)
    present = f"t.connector_id = :connector AND t.to_run IS NULL{_scoped('t.', scope)}"
    staged = f"s.connector_id = :connector{_scoped('s.', scope)}"
    columns = ", ".join(f'"{name}"' for name in names)
    picked = ", ".join(f's."{name}"' for name in names)
    table, stage = f"{dataset.name} AS t", f"stage_{dataset.name} AS s"
    seen = f"EXISTS (SELECT 1 FROM {stage} WHERE {staged} AND {same_key})"
    other = f"EXISTS (SELECT 1 FROM {stage} WHERE {staged} AND {same_key} AND ({differs or 'false'}))"
    known = f"EXISTS (SELECT 1 FROM {table} WHERE {present} AND {same_key})"
    opened = f"SELECT s.connector_id, {picked}, CAST(:run AS BIGINT) FROM {stage} WHERE {staged} AND NOT {known}"
    yield "rows", f"SELECT count(*) FROM {stage} WHERE {staged}"
    yield "close_gone", f"UPDATE {table} SET to_run = :run WHERE {present} AND NOT {seen}"
    yield "close_changed", f"UPDATE {table} SET to_run = :run WHERE {present} AND {other}"
    yield "open", f"INSERT INTO {dataset.name} (connector_id, {columns}, from_run) {opened}"


def _scoped(prefix: str, scope: Scope) -> str:
    return "".join(f' AND {prefix}"{name}" = :{name}' for name in scope)
