"""Where the next delta round of each source begins.

A cursor moves in the transaction that makes the round's data history, so that link and data never part.
"""

from dataclasses import asdict, dataclass

from sqlalchemy import Connection, delete, insert, select

from stocktake.store.tables import cursors


@dataclass(frozen=True, slots=True)
class Cursor:
    """`link` is null for a source that no delta serves: then only `full_at` counts. Instants are UTC, ISO 8601."""

    connector_id: int
    source: str
    link: str | None
    fingerprint: str
    run_id: int
    taken_at: str
    full_at: str  # when the last reading of everything began


def get_cursor(connection: Connection, connector_id: int, source: str) -> Cursor | None:
    query = select(cursors).where(cursors.c.connector_id == connector_id, cursors.c.source == source)
    row = connection.execute(query).first()
    return Cursor(**row._asdict()) if row else None


def has_cursors(connection: Connection, connector_id: int) -> bool:
    query = select(cursors.c.source).where(cursors.c.connector_id == connector_id, cursors.c.link.is_not(None))
    return connection.execute(query.limit(1)).first() is not None


def put_cursor(connection: Connection, cursor: Cursor) -> None:
    """In place of the one before; call it in the transaction that merges what the link goes on from."""
    drop_cursor(connection, cursor.connector_id, cursor.source)
    connection.execute(insert(cursors).values(**asdict(cursor)))


def drop_cursor(connection: Connection, connector_id: int, source: str) -> None:
    """The next sync reads the source whole."""
    connection.execute(delete(cursors).where(cursors.c.connector_id == connector_id, cursors.c.source == source))
