"""Sessions of the console, and the attempts to sign in that failed. Tokens are kept as hashes alone."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from stocktake.store.accounts import Role
from stocktake.store.connectors import now
from stocktake.store.tables import accounts, sessions, sign_in_failures

IDLE_HOURS = 8
LONGEST_HOURS = 24
WINDOW_MINUTES = 15
MOST_FOR_AN_ACCOUNT = 5  # failed attempts within the window
MOST_FROM_AN_ADDRESS = 20


@dataclass(frozen=True, slots=True)
class Session:
    account_id: int
    name: str
    role: Role
    csrf_token: str
    last_seen_at: str


def begin_session(connection: Connection, account_id: int, token_hash: str, csrf_token: str) -> None:
    """Also forgets every session that has run out."""
    longest, idle = _limits()
    connection.execute(delete(sessions).where((sessions.c.created_at <= longest) | (sessions.c.last_seen_at <= idle)))
    moment = now()
    connection.execute(
        insert(sessions).values(
            token_hash=token_hash,
            account_id=account_id,
            csrf_token=csrf_token,
            created_at=moment,
            last_seen_at=moment,
        )
    )


def find_session(connection: Connection, token_hash: str) -> Session | None:
    """The session, unless it has run out (8 h idle, 24 h altogether) or its account was shut out."""
    longest, idle = _limits()
    query = (
        select(accounts.c.id, accounts.c.name, accounts.c.role, sessions.c.csrf_token, sessions.c.last_seen_at)
        .join(accounts, accounts.c.id == sessions.c.account_id)
        .where(
            sessions.c.token_hash == token_hash,
            sessions.c.created_at > longest,
            sessions.c.last_seen_at > idle,
            accounts.c.enabled,
        )
    )
    row = connection.execute(query).first()
    return Session(row.id, row.name, row.role, row.csrf_token, row.last_seen_at) if row else None


def touch_session(connection: Connection, token_hash: str) -> None:
    connection.execute(update(sessions).where(sessions.c.token_hash == token_hash).values(last_seen_at=now()))


def end_session(connection: Connection, token_hash: str) -> None:
    connection.execute(delete(sessions).where(sessions.c.token_hash == token_hash))


def reserve_attempt(connection: Connection, account: str, address: str) -> int:
    """Count an attempt to sign in before its password is looked at, so that many at once don't slip through.

    Seconds until the next attempt may be made; 0: this one may go on.
    """
    moment = datetime.now(UTC)
    start = _text(moment - timedelta(minutes=WINDOW_MINUTES))
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.at <= start))
    limits = (
        (sign_in_failures.c.account == account, MOST_FOR_AN_ACCOUNT),
        (sign_in_failures.c.address == address, MOST_FROM_AN_ADDRESS),
    )
    for mine, most in limits:
        query = select(func.count(), func.min(sign_in_failures.c.at)).where(mine)
        count, oldest = connection.execute(query).one()
        if count >= most:
            opens = datetime.fromisoformat(oldest) + timedelta(minutes=WINDOW_MINUTES)
            return max(1, round((opens - moment).total_seconds()))
    connection.execute(insert(sign_in_failures).values(account=account, address=address, at=_text(moment)))
    return 0


def forget_attempts(connection: Connection, account: str) -> None:
    """The right password was given: what went before does not count any more."""
    connection.execute(delete(sign_in_failures).where(sign_in_failures.c.account == account))


def _limits() -> tuple[str, str]:
    moment = datetime.now(UTC)
    return _text(moment - timedelta(hours=LONGEST_HOURS)), _text(moment - timedelta(hours=IDLE_HOURS))


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
