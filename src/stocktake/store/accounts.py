"""People who may sign in to the console, and the one-time links that let the first of them in."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from stocktake.errors import UsageError
from stocktake.store.connectors import now
from stocktake.store.engine import Store
from stocktake.store.tables import accounts, one_time_links, sessions

Role = Literal["viewer", "analyst", "administrator"]
ROLES: tuple[Role, ...] = ("viewer", "analyst", "administrator")  # each may do what those before it may
FIRST_START = "first-start"
FIRST_START_HOURS = 24


@dataclass(frozen=True, slots=True)
class Account:
    id: int
    name: str
    password_hash: str
    role: Role
    enabled: bool
    created_at: str


def add_account(store: Store, name: str, password_hash: str, role: Role) -> Account:
    """UsageError if the name is taken; names that differ in upper and lower case alone are the same."""
    with store.write() as connection:
        return _add(connection, name, password_hash, role)


def add_first_account(store: Store, link_hash: str, name: str, password_hash: str) -> Account | None:
    """An administrator by the first-start link, which ends with that; None if the link is not, or no longer, good."""
    with store.write() as connection:
        if not first_start_open(connection, link_hash):
            return None
        connection.execute(delete(one_time_links).where(one_time_links.c.purpose == FIRST_START))
        return _add(connection, name, password_hash, "administrator")


def make_first_start_link(store: Store, link_hash: str) -> bool:
    """Keep the hash of a new link and forget earlier ones. False, and nothing kept, if there is an account already."""
    expires = datetime.now(UTC) + timedelta(hours=FIRST_START_HOURS)
    with store.write() as connection:
        if count_accounts(connection):
            return False
        connection.execute(delete(one_time_links).where(one_time_links.c.purpose == FIRST_START))
        connection.execute(
            insert(one_time_links).values(
                token_hash=link_hash, purpose=FIRST_START, expires_at=expires.strftime("%Y-%m-%dT%H:%M:%SZ")
            )
        )
    return True


def first_start_open(connection: Connection, link_hash: str) -> bool:
    """True while that link may make the first account."""
    query = select(one_time_links.c.token_hash).where(
        one_time_links.c.token_hash == link_hash,
        one_time_links.c.purpose == FIRST_START,
        one_time_links.c.expires_at > now(),
    )
    return connection.execute(query).first() is not None and not count_accounts(connection)


def count_accounts(connection: Connection) -> int:
    return int(connection.execute(select(func.count()).select_from(accounts)).scalar_one())


def list_accounts(connection: Connection) -> list[Account]:
    return [Account(**row._asdict()) for row in connection.execute(select(accounts).order_by(accounts.c.name))]


def find_account(connection: Connection, name: str) -> Account | None:
    """The account of that name, whichever way it is capitalised."""
    wanted = name.casefold()
    return next((account for account in list_accounts(connection) if account.name.casefold() == wanted), None)


def get_account(store: Store, name: str) -> Account:
    """UsageError for an unknown name."""
    with store.read() as connection:
        found = find_account(connection, name)
    if found is None:
        raise UsageError(f"there is no account {name}", "see `stocktake user list`")
    return found


def set_enabled(store: Store, account: Account, *, enabled: bool) -> None:
    """Let an account in, or shut it out at once: its sessions end."""
    with store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.id == account.id).values(enabled=enabled))
        _end_sessions(connection, account)


def set_password(store: Store, account: Account, password_hash: str) -> None:
    """Sessions that began with the old password end."""
    with store.write() as connection:
        connection.execute(update(accounts).where(accounts.c.id == account.id).values(password_hash=password_hash))
        _end_sessions(connection, account)


def remove_account(store: Store, account: Account) -> None:
    with store.write() as connection:
        _end_sessions(connection, account)
        connection.execute(delete(accounts).where(accounts.c.id == account.id))


def _add(connection: Connection, name: str, password_hash: str, role: Role) -> Account:
    taken = UsageError(f"there is an account {name} already", "choose another name")
    if find_account(connection, name) is not None:
        raise taken
    values = {"name": name, "password_hash": password_hash, "role": role, "enabled": True, "created_at": now()}
    try:
        identifier = connection.execute(insert(accounts).values(**values).returning(accounts.c.id)).scalar_one()
    except IntegrityError:
        raise taken from None
    return Account(identifier, name, password_hash, role, enabled=True, created_at=str(values["created_at"]))


def _end_sessions(connection: Connection, account: Account) -> None:
    connection.execute(delete(sessions).where(sessions.c.account_id == account.id))
