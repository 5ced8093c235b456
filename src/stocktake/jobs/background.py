"""Syncs that run in this process beside something else: one thread for each connector, a few at once."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import structlog
from sqlalchemy.exc import SQLAlchemyError

from stocktake.errors import CancelledRunError, StocktakeError, StoppedRunError, TransientError, UsageError
from stocktake.identity.sealing import Sealer
from stocktake.settings import Settings
from stocktake.store.connectors import Connector, list_connectors
from stocktake.store.engine import Store
from stocktake.store.runs import request_cancel, unfinished_run
from stocktake.sync.context import Progress

SYNCS_AT_ONCE = 4
_STOP_WITHIN_S = 10.0

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Live:
    """How far one source has come in this process; `rows_before` had been stored by an earlier attempt."""

    progress: Progress
    since: float = field(default_factory=time.monotonic)
    rows_before: int = 0

    @property
    def rate(self) -> float:
        """Rows a second since this process began with the source."""
        seconds = time.monotonic() - self.since
        return (self.progress.rows - self.rows_before) / seconds if seconds > 0 else 0.0


class SyncRunner:
    """Starts, watches and cancels the syncs of one installation. Its methods may be called from any thread."""

    def __init__(self, settings: Settings, store: Store, sealer: Sealer, at_once: int = SYNCS_AT_ONCE) -> None:
        self._settings, self._store, self._sealer = settings, store, sealer
        self._turn = threading.Semaphore(at_once)
        self._lock = threading.Lock()
        self._threads: dict[str, threading.Thread] = {}
        self._live: dict[str, dict[str, Live]] = {}
        self._failures: dict[str, str] = {}
        self._open = ExitStack()
        self._launched = False

    def start(self, connector: Connector) -> None:
        """Begin a sync, or go on with the unfinished one.

        TransientError if this process is syncing it already; UsageError if the connector is disabled.
        """
        if not connector.enabled:
            raise UsageError(f"connector {connector.name} is disabled", "enable it first")
        with self._lock:
            if connector.name in self._threads:
                raise TransientError(f"a sync of {connector.name} is running already", "wait for it, or cancel it")
            self._failures.pop(connector.name, None)
            self._live[connector.name] = {}
            thread = threading.Thread(target=self._run, args=(connector,), name=f"sync {connector.name}", daemon=True)
            self._threads[connector.name] = thread
            thread.start()

    def running(self) -> dict[str, dict[str, Live]]:
        """By connector and source, what this process is reading now; nothing yet for one that waits for its turn."""
        with self._lock:
            return {name: dict(sources) for name, sources in self._live.items()}

    def failure(self, connector: str) -> str | None:
        """Why the latest sync that this process tried ended without a run to show, if it did."""
        with self._lock:
            return self._failures.get(connector)

    def cancel(self, connector: Connector, by: str) -> bool:
        """Ask the unfinished run of a connector to end, whichever process runs it. False if there is none."""
        with self._store.write() as connection:
            run = unfinished_run(connection, connector.id)
            if run is not None:
                request_cancel(connection, run.id, by)
        if run is None:
            return False
        if connector.name not in self.running():
            self._end_abandoned(connector)
        return True

    def resume(self) -> None:
        """Go on with every run that a process left unfinished when it was killed."""
        with self._store.read() as connection:
            left = [known for known in list_connectors(self._store) if unfinished_run(connection, known.id)]
        for connector in left:
            if connector.enabled:
                self.start(connector)

    def stop(self) -> None:
        """End every sync of this process between two pages; each goes on from there when it is started again."""
        with self._lock:
            threads, launched = list(self._threads.values()), self._launched
        if launched:
            from stocktake.jobs import workflows

            workflows.stop()
        for thread in threads:
            thread.join(_STOP_WITHIN_S)
        self._open.close()

    def _run(self, connector: Connector) -> None:
        failure: str | None = "a fault in Stocktake; the log has its cause."
        try:
            with self._turn:
                self._launch()
                self._sync(connector)
            failure = None
        except (CancelledRunError, StoppedRunError) as error:
            log.info("sync ended early", connector=connector.name, reason=error.message)
            failure = None
        except StocktakeError as error:
            failure = f"{error.message}. {error.remedy}".rstrip(". ") + "."
        except SQLAlchemyError as error:
            log.exception("sync failed", connector=connector.name)
            failure = f"The database failed: {' '.join(str(error).split())[:300]}"
        finally:
            with self._lock:
                del self._threads[connector.name], self._live[connector.name]
                if failure:
                    self._failures[connector.name] = failure

    def _sync(self, connector: Connector) -> None:
        from stocktake.jobs.runner import sync_connector

        sync_connector(self._settings, self._store, self._sealer, connector, progress=self._noting(connector.name))

    def _launch(self) -> None:
        """Keep DBOS running from the first sync until `stop`: starting it takes longer than a small sync."""
        from stocktake.jobs import workflows

        with self._lock:
            if not self._launched:
                self._open.enter_context(workflows.launched(self._store, self._settings.home.expanduser().absolute()))
                self._launched = True

    def _noting(self, name: str) -> Callable[[Progress], None]:
        def note(progress: Progress) -> None:
            with self._lock:
                sources = self._live.setdefault(name, {})
                known = sources.get(progress.source)
                if known is None:
                    sources[progress.source] = Live(progress, rows_before=progress.rows)
                else:
                    known.progress = progress

        return note

    def _end_abandoned(self, connector: Connector) -> None:
        """Nobody runs it any more: whoever gets its lock may end it. If somebody holds the lock, they see the wish."""
        from stocktake.jobs.ownership import owning
        from stocktake.jobs.runner import end_cancelled

        try:
            with owning(self._store, self._settings.home.expanduser().absolute(), connector):
                end_cancelled(self._store, connector)
        except TransientError:
            log.info("another process will end the run", connector=connector.name)
