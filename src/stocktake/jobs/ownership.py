"""One sync of a tenant at a time: whoever holds the connector's lock owns its unfinished run.

The lock dies with its process, so that the run of a killed process can be taken over at once.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from stocktake.errors import TransientError
from stocktake.store.connectors import Connector
from stocktake.store.engine import Store

_SPACE = 7_402_022  # the first half of our advisory lock numbers in PostgreSQL


@contextmanager
def owning(store: Store, home: Path, connector: Connector) -> Iterator[None]:
    """TransientError if another process is syncing this connector."""
    if store.sqlite:
        with _file_lock(home / "locks", connector):
            yield
        return
    with store.engine.connect() as connection:
        query = text("SELECT pg_try_advisory_lock(:space, :connector)")
        taken = connection.execute(query, {"space": _SPACE, "connector": connector.id}).scalar_one()
        connection.commit()
        if not taken:
            raise _busy(connector)
        try:
            yield
        finally:
            connection.execute(
                text("SELECT pg_advisory_unlock(:space, :connector)"), {"space": _SPACE, "connector": connector.id}
            )
            connection.commit()


@contextmanager
def _file_lock(folder: Path, connector: Connector) -> Iterator[None]:
    folder.mkdir(mode=0o700, exist_ok=True)
    with (folder / f"connector-{connector.id}").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise _busy(connector) from None
        yield


def _busy(connector: Connector) -> TransientError:
    return TransientError(
        f"a sync of {connector.name} is running already", "wait for it; `stocktake show runs` tells how it ends"
    )
