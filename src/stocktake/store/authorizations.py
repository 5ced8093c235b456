"""Authorisations between the click on Authorize and the saved connector; what they hold is sealed."""

from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from stocktake.errors import UsageError
from stocktake.store.connectors import Connector, NewConnector, get_connector_by_id, now
from stocktake.store.engine import Store
from stocktake.store.tables import authorizations, connectors

_KEPT = timedelta(days=1)  # so that somebody who pastes an old Token is told what is wrong with it


@dataclass(frozen=True, slots=True)
class Authorization:
    state_hash: str
    account_id: int | None
    connector: str
    sealed_request: str = field(repr=False)
    sealed_result: str | None = field(repr=False)
    created_at: str
    completed_at: str | None
    used_at: str | None


def begin_authorization(
    store: Store, state_hash: str, account_id: int | None, connector: str, sealed_request: str
) -> None:
    """Keep what an authorisation is for until Microsoft's answer comes; forget those of yesterday."""
    old = (datetime.now(UTC) - _KEPT).strftime("%Y-%m-%dT%H:%M:%SZ")
    with store.write() as connection:
        connection.execute(delete(authorizations).where(authorizations.c.created_at < old))
        connection.execute(
            insert(authorizations).values(
                state_hash=state_hash,
                account_id=account_id,
                connector=connector,
                sealed_request=sealed_request,
                created_at=now(),
            )
        )


def find_authorization(store: Store, state_hash: str) -> Authorization | None:
    query = select(authorizations).where(authorizations.c.state_hash == state_hash)
    with store.read() as connection:
        row = connection.execute(query).first()
    return Authorization(**row._asdict()) if row else None


def claim_answer(store: Store, state_hash: str) -> bool:
    """True for the first answer to an authorisation, and for no other: a code must not be redeemed twice."""
    mine = update(authorizations).where(
        authorizations.c.state_hash == state_hash, authorizations.c.completed_at.is_(None)
    )
    with store.write() as connection:
        return connection.execute(mine.values(completed_at=now())).rowcount == 1


def keep_result(store: Store, state_hash: str, sealed_result: str) -> None:
    """What came of it; the age of the Token counts from now."""
    mine = update(authorizations).where(authorizations.c.state_hash == state_hash)
    with store.write() as connection:
        connection.execute(mine.values(sealed_result=sealed_result, completed_at=now()))


def save_authorized(store: Store, state_hash: str, connector_id: int | None, wanted: NewConnector) -> Connector:
    """Use the authorisation up and save the connector by it (a new one where there is no id), in one transaction.

    UsageError if the authorisation was used in the meantime, the name is taken or the connector is gone: then nothing
    has changed.
    """
    try:
        with store.write() as connection:
            _use(connection, state_hash)
            identifier = _add(connection, wanted) if connector_id is None else _change(connection, connector_id, wanted)
    except IntegrityError:
        raise UsageError(f"there is a connector {wanted.name} already", "choose another name") from None
    return get_connector_by_id(store, identifier)


def used_already(at: str | None = None) -> UsageError:
    return UsageError(
        "this Token was used already" + (f" on {at}" if at else ""), "click Authorize again: each Token works once"
    )


def _use(connection: Connection, state_hash: str) -> None:
    mine = update(authorizations).where(authorizations.c.state_hash == state_hash, authorizations.c.used_at.is_(None))
    # The secrets go with the use; the row stays, to tell whoever pastes the Token again.
    if connection.execute(mine.values(used_at=now(), sealed_request="", sealed_result=None)).rowcount != 1:
        raise used_already()


def _add(connection: Connection, wanted: NewConnector) -> int:
    statement = insert(connectors).values(**asdict(wanted), created_at=now()).returning(connectors.c.id)
    return int(connection.execute(statement).scalar_one())


def _change(connection: Connection, connector_id: int, wanted: NewConnector) -> int:
    """How to sign in is what changes. Name, tenant and cloud stay: the data under them are those of that tenant."""
    statement = update(connectors).where(connectors.c.id == connector_id)
    changed = connection.execute(
        statement.values(
            permissions=wanted.permissions,
            client_id=wanted.client_id,
            sealed_credential=wanted.sealed_credential,
            credential_expires_at=wanted.credential_expires_at,
            sealed_grant=wanted.sealed_grant,
            granted_by=wanted.granted_by,
            grant_lost=None,
        )
    )
    if changed.rowcount != 1:
        raise UsageError(f"connector {wanted.name} was removed", "make it again")
    return connector_id
