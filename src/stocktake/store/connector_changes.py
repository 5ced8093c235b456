"""What people may change about a connector that exists, and what goes with it when it is deleted."""

from sqlalchemy import func, select, update

from stocktake.store.connectors import Connector
from stocktake.store.engine import Store
from stocktake.store.tables import SPANS, connectors, runs


def set_enabled(store: Store, connector: Connector, *, enabled: bool) -> None:
    """A disabled connector keeps its data and is not synchronised."""
    with store.write() as connection:
        connection.execute(update(connectors).where(connectors.c.id == connector.id).values(enabled=enabled))


def set_description(store: Store, connector: Connector, description: str) -> None:
    with store.write() as connection:
        connection.execute(update(connectors).where(connectors.c.id == connector.id).values(description=description))


def contents(store: Store, connector: Connector) -> dict[str, int]:
    """What a deletion takes away: rows of each dataset, those of the past included, and runs; nothing that is empty."""
    counted: dict[str, int] = {}
    with store.read() as connection:
        for dataset, table in SPANS.items():
            query = select(func.count()).select_from(table).where(table.c.connector_id == connector.id)
            counted[dataset] = connection.execute(query).scalar_one()
        query = select(func.count()).select_from(runs).where(runs.c.connector_id == connector.id)
        counted["runs"] = connection.execute(query).scalar_one()
    return {dataset: count for dataset, count in counted.items() if count}
