"""Turning what a run staged into history: one transaction that opens, closes and renews spans.

Readers look at finished runs only, so a half-merged run is never seen. A span ends for one of three reasons: another
value was read for its key, Graph said that it is gone (a mark, see `store/marks.py`), or a listing that was read to its
end (a `Proof`) did not hold it. Without proof nothing else is ever closed: a page that failed removes nobody.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from stocktake.catalog import Dataset
from stocktake.catalog.columns import Kind
from stocktake.store.marks import clear_marks
from stocktake.store.tables import folded_name


@dataclass(frozen=True, slots=True)
class Proof:
    """That a source was read to its end in this run. Only the code that reached the end makes one: without it nothing
    may be taken for gone."""

    source: str
    run_id: int


@dataclass(frozen=True, slots=True)
class Changes:
    rows: int  # staged
    added: int
    changed: int
    removed: int


Scope = Mapping[str, object]


def clear_staging(connection: Connection, dataset: Dataset, connector_id: int, scope: Scope) -> None:
    """Forget what was staged and marked: at the start of a run, and when a listing has to start again."""
    connection.execute(
        text(f"DELETE FROM stage_{dataset.name} WHERE connector_id = :connector{_scoped('', scope)}"),
        {"connector": connector_id, **scope},
    )
    clear_marks(connection, connector_id, dataset.name)


def merge(
    connection: Connection, dataset: Dataset, connector_id: int, run_id: int, scope: Scope, proof: Proof | None
) -> Changes:
    """Make the staged rows the dataset's present, and close what is marked.

    Without a proof of completeness no span is closed for not being seen. `scope` narrows both sides to what one source
    is responsible for (a usage report within the table of all reports).
    """
    if proof is not None and proof.run_id != run_id:
        raise ValueError(f"the proof is of run {proof.run_id}, not of run {run_id}")
    statements = dict(_statements(dataset, scope, narrow=proof is None))
    values = {"connector": connector_id, "run": run_id, **scope}
    rows = connection.execute(text(statements["rows"]), values).scalar_one()
    gone = "close_marked" if proof is None else "close_gone"
    named = {"name": dataset.name} if proof is None else {}
    removed = connection.execute(text(statements[gone]), values | named).rowcount
    changed = connection.execute(text(statements["close_changed"]), values).rowcount
    opened = connection.execute(text(statements["open"]), values).rowcount
    clear_staging(connection, dataset, connector_id, scope)
    return Changes(rows=rows, added=opened - changed, changed=changed, removed=removed)


def present(connection: Connection, dataset: Dataset, connector_id: int) -> int:
    """Rows that are true now."""
    query = f"SELECT count(*) FROM {dataset.name} WHERE connector_id = :connector AND to_run IS NULL"
    return int(connection.execute(text(query), {"connector": connector_id}).scalar_one())


def present_after(dataset: Dataset) -> str:
    """SQL of what will be true once this run's rows and marks are merged without proof: one column, the first of the
    key. It sees `:connector`."""
    key = dataset.key[0]
    seen = f'SELECT s."{key}" FROM stage_{dataset.name} AS s WHERE s.connector_id = :connector'
    marked = f"SELECT m.subject FROM stage_marks AS m WHERE m.connector_id = :connector AND m.name = '{dataset.name}'"
    return (
        f'SELECT t."{key}" AS key FROM {dataset.name} AS t WHERE t.connector_id = :connector AND t.to_run IS NULL '
        f'AND t."{key}" NOT IN ({seen}) AND t."{key}" NOT IN ({marked}) UNION ALL {seen}'
    )


def copy_present(connection: Connection, dataset: Dataset, connector_id: int, keys: list[int]) -> None:
    """Stage what is true now under these keys, where nothing is staged: the ground for rows that tell only a part."""
    names = [column.name for column in dataset.columns]
    folded = folded_name(dataset)
    columns = ", ".join(f'"{name}"' for name in [*names, *([folded] if folded else [])])
    connection.execute(
        text(
            f"INSERT INTO stage_{dataset.name} (connector_id, {columns}) SELECT connector_id, {columns} "
            f'FROM {dataset.name} WHERE connector_id = :connector AND "{dataset.key[0]}" = :key AND to_run IS NULL '
            "ON CONFLICT DO NOTHING"
        ),
        [{"connector": connector_id, "key": key} for key in keys],
    )


def close_orphans(
    connection: Connection, links: Dataset, ends: Dataset, connector_id: int, runs: tuple[int, int]
) -> int:
    """Close links whose other end is an object that left the directory since the first of two runs, in the second.

    Graph does not always say so itself: deleted members were missing from deltas (microsoft-graph-docs #7115, #14708),
    while no listing of members ever holds a deleted object.
    """
    values = {"connector": connector_id, "since": runs[0], "run": runs[1]}
    left = (
        f'SELECT e."{ends.key[0]}" FROM {ends.name} AS e WHERE e.connector_id = :connector AND e.to_run >= :since '
        f"AND NOT EXISTS (SELECT 1 FROM {ends.name} AS p WHERE p.connector_id = :connector AND p.to_run IS NULL "
        f'AND p."{ends.key[0]}" = e."{ends.key[0]}")'
    )
    gone = [row[0] for row in connection.execute(text(left), values)]
    if not gone:
        return 0
    same = " AND ".join(f't."{name}" = s."{name}"' for name in links.key)
    staged = f"SELECT 1 FROM stage_{links.name} AS s WHERE s.connector_id = :connector AND {same}"
    query = (
        f"UPDATE {links.name} AS t SET to_run = :run WHERE t.connector_id = :connector AND t.to_run IS NULL "
        f'AND t."{links.key[1]}" IN ({left}) AND NOT EXISTS ({staged})'
    )
    return connection.execute(text(query), values).rowcount


def touched_unmarked(connection: Connection, dataset: Dataset, connector_id: int, run_id: int, name: str) -> int:
    """How many keys the run has changed that have no mark of that name; the first column of the key counts."""
    key = dataset.key[0]
    query = (
        f'SELECT count(DISTINCT t."{key}") FROM {dataset.name} AS t WHERE t.connector_id = :connector '
        "AND (t.from_run = :run OR t.to_run = :run) AND NOT EXISTS (SELECT 1 FROM stage_marks AS m "
        f'WHERE m.connector_id = :connector AND m.name = :name AND m.subject = t."{key}")'
    )
    return int(connection.execute(text(query), {"connector": connector_id, "run": run_id, "name": name}).scalar_one())


def _statements(dataset: Dataset, scope: Scope, *, narrow: bool) -> Iterator[tuple[str, str]]:
    """`narrow`: only few keys are staged, so the database is led to them instead of through the whole table."""
    names = [column.name for column in dataset.columns]
    folded = folded_name(dataset)
    if folded:
        names.append(folded)
    first = dataset.key[0]
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
    near = f' AND t."{first}" IN (SELECT s."{first}" FROM {stage} WHERE {staged})' if narrow else ""
    yield "rows", f"SELECT count(*) FROM {stage} WHERE {staged}"
    yield "close_gone", f"UPDATE {table} SET to_run = :run WHERE {present} AND NOT {seen}"
    yield "close_marked", f"UPDATE {table} SET to_run = :run WHERE {present} AND {_marked(dataset)} AND NOT {seen}"
    yield "close_changed", f"UPDATE {table} SET to_run = :run WHERE {present}{near} AND {other}"
    yield "open", f"INSERT INTO {dataset.name} (connector_id, {columns}, from_run) {opened}"


def _marked(dataset: Dataset) -> str:
    """SQL: a mark speaks of the row. Only datasets about directory objects are ever marked."""
    if dataset.columns[0].kind is not Kind.OBJECT or dataset.columns[0].name != dataset.key[0]:
        return "false"
    marks = "FROM stage_marks AS m WHERE m.connector_id = :connector AND m.name = :name"
    second = next((c.name for c in dataset.columns if c.name in dataset.key[1:2] and c.kind is Kind.OBJECT), None)
    other = f'm.other IN (0, t."{second}")' if second else "m.other = 0"
    return (
        f't."{dataset.key[0]}" IN (SELECT m.subject {marks}) '
        f'AND EXISTS (SELECT 1 {marks} AND m.subject = t."{dataset.key[0]}" AND {other})'
    )


def _scoped(prefix: str, scope: Scope) -> str:
    return "".join(f' AND {prefix}"{name}" = :{name}' for name in scope)
