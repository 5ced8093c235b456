"""Connectors: which tenant, how to sign in to it, and what may be asked."""

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stocktake.errors import UsageError
from stocktake.store.engine import Store
from stocktake.store.tables import SPANS, STAGING, connectors, directory_objects, runs

Permissions = Literal["application", "delegated"]


@dataclass(frozen=True, slots=True)
class NewConnector:
    name: str
    tenant: str  # a domain of the tenant, or its id
    cloud: str
    permissions: Permissions
    client_id: str | None  # null: the provider's application, from the settings
    description: str = ""
    sealed_credential: str | None = None
    credential_expires_at: str | None = None
    sealed_grant: str | None = None
    granted_by: str | None = None
    grant_lost: str | None = None
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class Connector(NewConnector):
    id: int = 0
    created_at: str = ""


def add_connector(store: Store, new: NewConnector) -> Connector:
    """UsageError if the name is taken."""
    created_at = now()
    try:
        with store.write() as connection:
            identifier = connection.execute(
                insert(connectors).values(**asdict(new), created_at=created_at).returning(connectors.c.id)
            ).scalar_one()
    except IntegrityError:
        raise UsageError(
            f"there is a connector {new.name} already", "choose another name, or remove that one first"
        ) from None
    return get_connector_by_id(store, identifier)


def list_connectors(store: Store) -> list[Connector]:
    with store.read() as connection:
        return _connectors(connection)


def get_connector(store: Store, name: str) -> Connector:
    """UsageError, naming the known ones, for an unknown name."""
    known = list_connectors(store)
    for connector in known:
        if connector.name == name:
            return connector
    names = ", ".join(connector.name for connector in known)
    raise UsageError(
        f"there is no connector {name}", f"use one of: {names}" if known else "make one with `stocktake connector add`"
    )


def get_connector_by_id(store: Store, identifier: int) -> Connector:
    """UsageError if it was removed in the meantime."""
    for connector in list_connectors(store):
        if connector.id == identifier:
            return connector
    raise UsageError(f"connector {identifier} was removed", "see `stocktake connector list`")


def replace_credential(store: Store, name: str, sealed: str | None) -> None:
    with store.write() as connection:
        connection.execute(update(connectors).where(connectors.c.name == name).values(sealed_credential=sealed))


def remove_connector(store: Store, name: str) -> dict[str, int]:
    """Delete the connector and everything that was pulled through it; how many present rows of each dataset went."""
    connector = get_connector(store, name)
    deleted: dict[str, int] = {}
    with store.write() as connection:
        for table in STAGING.values():
            connection.execute(delete(table).where(table.c.connector_id == connector.id))
        for dataset, table in SPANS.items():
            mine = table.c.connector_id == connector.id
            present = select(func.count()).select_from(table).where(mine, table.c.to_run.is_(None))
            deleted[dataset] = connection.execute(present).scalar_one()
            connection.execute(delete(table).where(mine))
        deleted["runs"] = connection.execute(delete(runs).where(runs.c.connector_id == connector.id)).rowcount
        connection.execute(delete(directory_objects).where(directory_objects.c.connector_id == connector.id))
        connection.execute(delete(connectors).where(connectors.c.id == connector.id))
    return {dataset: count for dataset, count in deleted.items() if count}


def credential_context(name: str) -> str:
    """What a sealed credential is bound to: it opens for this connector and column only."""
    return f"connector/{name}/credential"


def now() -> str:
    """This instant as the store writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _connectors(connection: Connection) -> list[Connector]:
    return [Connector(**row._asdict()) for row in connection.execute(select(connectors).order_by(connectors.c.name))]
