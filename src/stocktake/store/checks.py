"""What the last check of a connector found."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update

from stocktake.store.connectors import now
from stocktake.store.engine import Store
from stocktake.store.tables import connector_checks, connectors


@dataclass(frozen=True, slots=True)
class StoredCheck:
    """`result` is the JSON text that was stored."""

    connector_id: int
    checked_at: str
    result: str


def keep_check(store: Store, connector_id: int, result: str, credential_expires_at: str | None) -> None:
    """Keep the findings in the place of the last ones, and the end of the credential where it became known."""
    with store.write() as connection:
        connection.execute(delete(connector_checks).where(connector_checks.c.connector_id == connector_id))
        connection.execute(insert(connector_checks).values(connector_id=connector_id, checked_at=now(), result=result))
        if credential_expires_at is not None:
            mine = update(connectors).where(connectors.c.id == connector_id)
            connection.execute(mine.values(credential_expires_at=credential_expires_at))


def last_check(store: Store, connector_id: int) -> StoredCheck | None:
    query = select(connector_checks).where(connector_checks.c.connector_id == connector_id)
    with store.read() as connection:
        row = connection.execute(query).first()
    return StoredCheck(**row._asdict()) if row else None
