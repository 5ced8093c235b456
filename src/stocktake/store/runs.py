"""Runs and their completeness ledger."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, func, insert, select, update

from stocktake.store.connectors import now
from stocktake.store.tables import connectors, run_sources, runs


class Checkpoint(msgspec.Struct, omit_defaults=True):
    """Where a source stands inside its run; written in the commit that holds the rows it speaks of."""

    next_link: str | None = None  # the page to ask for next; null before the first
    started: bool = False
    finished: bool = False  # the last page was stored: the listing is whole
    items: int = 0  # objects received, before they became rows
    counted: int | None = None  # the independent count, asked before the listing
    page_size: int | None = None  # what Graph accepted
    restarts: int = 0  # listings begun again because a page token had expired
    after: int = 0  # last parent whose children are stored (or are in `links`)
    links: list[tuple[str, str]] = msgspec.field(default_factory=list)  # (parent id, next page of its children)
    merged: bool = False  # what was staged has become history
    refused: list[str] = msgspec.field(default_factory=list)  # parents that could not be read, each with the reason


@dataclass(slots=True)
class Counters:
    """What a source has cost so far in its run."""

    pages: int = 0
    rows: int = 0
    requests: int = 0
    retries: int = 0
    throttled: int = 0
    waited_s: float = 0.0
    waiting: str = ""


@dataclass(slots=True)
class Entry:
    """One line of the ledger, with the checkpoint behind it."""

    source: str
    mode: str
    outcome: str | None
    reason: str | None
    remedy: str | None
    pages: int
    rows: int
    added: int
    changed: int
    removed: int
    requests: int
    retries: int
    throttled: int
    waited_s: float
    check: str | None
    waiting: str | None
    checkpoint: Checkpoint


@dataclass(frozen=True, slots=True)
class Run:
    id: int
    connector_id: int
    workflow_id: str
    mode: str  # full
    started_at: str
    finished_at: str | None
    outcome: str | None
    reason: str | None
    cancel_requested: bool


def create_run(connection: Connection, connector_id: int, workflow_id: str, mode: str, sources: Sequence[str]) -> int:
    """A new run with a ledger line for each source; its id."""
    values = {
        "connector_id": connector_id,
        "workflow_id": workflow_id,
        "mode": mode,
        "started_at": now(),
        "cancel_requested": False,
    }

    run_id: int = connection.execute(insert(runs).values(**values).returning(runs.c.id)).scalar_one()
    add_sources(connection, run_id, mode, sources)
    return run_id


def add_sources(connection: Connection, run_id: int, mode: str, sources: Sequence[str]) -> None:
    """A ledger line for each source that has none: a run that was begun before an update may lack some."""
    query = select(run_sources.c.source).where(run_sources.c.run_id == run_id)
    known = set(connection.execute(query).scalars())
    nothing = ("pages", "rows", "added", "changed", "removed", "requests", "retries", "throttled", "waited_s")
    for position, source in enumerate(sources):
        if source not in known:
            line = {"run_id": run_id, "source": source, "position": position, "mode": mode, "checkpoint": "{}"}
            connection.execute(insert(run_sources).values(**line, **dict.fromkeys(nothing, 0)))


def unfinished_run(connection: Connection, connector_id: int) -> Run | None:
    """The run that was begun and not brought to an end."""
    query = select(runs).where(runs.c.connector_id == connector_id, runs.c.finished_at.is_(None))
    row = connection.execute(query.order_by(runs.c.id.desc())).first()
    return Run(**row._asdict()) if row else None


def get_run(connection: Connection, run_id: int) -> Run:
    return Run(**connection.execute(select(runs).where(runs.c.id == run_id)).one()._asdict())


def save_progress(connection: Connection, run_id: int, source: str, checkpoint: Checkpoint, counters: Counters) -> None:
    """The checkpoint and the cost so far; call it in the transaction that stages the rows."""
    connection.execute(
        update(run_sources)
        .where(run_sources.c.run_id == run_id, run_sources.c.source == source)
        .values(
            checkpoint=msgspec.json.encode(checkpoint).decode(),
            pages=counters.pages,
            rows=counters.rows,
            requests=counters.requests,
            retries=counters.retries,
            throttled=counters.throttled,
            waited_s=round(counters.waited_s, 3),
            waiting=counters.waiting or None,
        )
    )


def settle(connection: Connection, run_id: int, source: str, **values: object) -> None:
    """Write what became of a source: outcome, reason, remedy, check, rows, added, changed, removed."""
    connection.execute(
        update(run_sources).where(run_sources.c.run_id == run_id, run_sources.c.source == source).values(**values)
    )


def ledger(connection: Connection, run_id: int) -> list[Entry]:
    """The lines of a run, in the order of the sources."""
    query = select(run_sources).where(run_sources.c.run_id == run_id).order_by(run_sources.c.position)
    return [_entry(row._asdict()) for row in connection.execute(query)]


def finish_run(connection: Connection, run_id: int, outcome: str, reason: str | None) -> None:
    connection.execute(
        update(runs).where(runs.c.id == run_id).values(finished_at=now(), outcome=outcome, reason=reason)
    )


def request_cancel(connection: Connection, run_id: int, by: str) -> None:
    """Ask whoever runs it to end it; nothing happens to a run that has ended."""
    connection.execute(
        update(runs)
        .where(runs.c.id == run_id, runs.c.finished_at.is_(None), runs.c.cancel_requested.is_(False))
        .values(cancel_requested=True, reason=f"cancelled by {by}")
    )


def finished_run(connection: Connection, connector_id: int, as_of: str | None) -> Run | None:
    """The newest run that had come to an end by that instant (null: by now) and had something to show."""
    query = select(runs).where(runs.c.connector_id == connector_id, runs.c.outcome.in_(("complete", "incomplete")))
    if as_of is not None:
        query = query.where(runs.c.finished_at <= as_of)
    row = connection.execute(query.order_by(runs.c.id.desc()).limit(1)).first()
    return Run(**row._asdict()) if row else None


def find_run(connection: Connection, run_id: int) -> Run | None:
    row = connection.execute(select(runs).where(runs.c.id == run_id)).first()
    return Run(**row._asdict()) if row else None


def count_runs(connection: Connection, connector_ids: Sequence[int]) -> int:
    query = select(func.count()).select_from(runs).where(runs.c.connector_id.in_(connector_ids))
    return int(connection.execute(query).scalar_one())


def page_of_runs(
    connection: Connection, connector_ids: Sequence[int], *, offset: int, limit: int
) -> list[dict[str, object]]:
    """Runs of these connectors, newest first, with connector, and the sums of rows, added, changed and removed."""
    sums = [
        func.coalesce(func.sum(run_sources.c[name]), 0).label(name) for name in ("rows", "added", "changed", "removed")
    ]
    query = (
        select(connectors.c.name.label("connector"), runs, *sums)
        .join(connectors, connectors.c.id == runs.c.connector_id)
        .outerjoin(run_sources, run_sources.c.run_id == runs.c.id)
        .where(runs.c.connector_id.in_(connector_ids))
        .group_by(connectors.c.name, *runs.c)
        .order_by(runs.c.id.desc())
        .offset(offset)
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def list_runs(connection: Connection, connector: str | None = None) -> list[dict[str, object]]:
    """All runs, newest first, with the name of their connector."""
    query = (
        select(
            connectors.c.name.label("connector"),
            runs.c.id.label("run"),
            runs.c.mode,
            runs.c.outcome,
            runs.c.started_at,
            runs.c.finished_at,
            runs.c.reason,
        )
        .join(connectors, connectors.c.id == runs.c.connector_id)
        .order_by(runs.c.id.desc())
    )
    if connector is not None:
        query = query.where(connectors.c.name == connector)
    return [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name


def _entry(row: dict[str, Any]) -> Entry:
    checkpoint = msgspec.json.decode(row.pop("checkpoint"), type=Checkpoint)
    del row["run_id"], row["position"]
    return Entry(**row, checkpoint=checkpoint)
