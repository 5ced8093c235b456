"""The sealed grant of a delegated connector, which changes at every use, perhaps by two processes at once."""

from dataclasses import dataclass, field

from sqlalchemy import select, update

from stocktake.errors import UsageError
from stocktake.store.engine import Store
from stocktake.store.tables import connectors


@dataclass(frozen=True, slots=True)
class StoredGrant:
    """As it stands in the connector's row."""

    sealed: str | None = field(repr=False)
    granted_by: str | None
    lost: str | None


def stored_grant(store: Store, connector_id: int) -> StoredGrant:
    """UsageError if the connector was removed in the meantime."""
    query = select(connectors.c.sealed_grant, connectors.c.granted_by, connectors.c.grant_lost)
    with store.read() as connection:
        row = connection.execute(query.where(connectors.c.id == connector_id)).first()
    if row is None:
        raise UsageError(f"connector {connector_id} was removed", "see `stocktake connector list`")
    return StoredGrant(row.sealed_grant, row.granted_by, row.grant_lost)


def replace_grant(store: Store, connector_id: int, used: str, new: str) -> bool:
    """Put a new sealed grant in the place of the one that was used. False if another one stands there by now.

    A grant that works is not lost, so the mark goes.
    """
    return _change(store, connector_id, used, {"sealed_grant": new, "grant_lost": None})


def mark_grant_lost(store: Store, connector_id: int, used: str, reason: str) -> bool:
    """Say why the grant no longer works. False, and nothing said, if another one stands there by now."""
    return _change(store, connector_id, used, {"grant_lost": reason})


def _change(store: Store, connector_id: int, used: str, values: dict[str, str | None]) -> bool:
    statement = update(connectors).where(connectors.c.id == connector_id, connectors.c.sealed_grant == used)
    with store.write() as connection:
        return connection.execute(statement.values(**values)).rowcount == 1
