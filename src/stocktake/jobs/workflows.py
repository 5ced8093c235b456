"""The durable workflow of a sync, and the process-wide DBOS that runs it.

Two steps: collect, then close. Both resume from our own tables, where page rows and checkpoint share a commit, so that
DBOS has to remember only how far the workflow came. See docs/decisions/0003-durable-runs.md.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pysqlite3
from dbos import DBOS, DBOSConfig, SetWorkflowID
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL

from stocktake.errors import StocktakeError
from stocktake.store.engine import Store, share_safely

# Runs of another shape of workflow are not continued but begun anew; raise it when the steps change.
WORKFLOW_VERSION = "1"
_JOBS_FILE = "jobs.sqlite"
_LIVE = {"PENDING", "ENQUEUED", "DELAYED"}


@dataclass(frozen=True)
class Work:
    """What the steps of a run do; the functions close over the parts of the installation."""

    collect: Callable[[], Coroutine[Any, Any, None]]
    close: Callable[[], None]


_work: dict[int, Work] = {}  # by run id: DBOS hands a step its arguments only, and those are written to the database


@DBOS.workflow(name="sync")
async def _sync(run_id: int) -> None:
    await _collect(run_id)
    await DBOS.run_step_async({"name": "close"}, _close, run_id)


@DBOS.step(name="collect")
async def _collect(run_id: int) -> None:
    await _work[run_id].collect()


def _close(run_id: int) -> None:
    _work[run_id].close()


@dataclass
class _Launches:
    """How many users DBOS has in this process: it can be launched only once at a time."""

    lock: threading.Lock
    count: int = 0
    engine: Engine | None = None  # to dispose of; null where the store's own is used


_launches = _Launches(threading.Lock())
_stopping = threading.Event()


@contextmanager
def launched(store: Store, home: Path) -> Iterator[None]:
    """DBOS running in this process, as an executor that nobody else is: pending runs of others stay theirs.

    Whoever comes while it runs shares it; all of them have to use the same installation.
    """
    with _launches.lock:
        if _launches.count == 0:
            _launch(store, home)
        _launches.count += 1
    try:
        yield
    finally:
        with _launches.lock:
            _launches.count -= 1
            if _launches.count == 0:
                _put_away()


def stop() -> None:
    """Ask every sync of this process to end between two pages."""
    _stopping.set()


def is_stopping() -> bool:
    return _stopping.is_set()


def _ours(record: logging.LogRecord) -> bool:
    """False for an error of ours: whoever waits for the workflow tells it, in one line and not as a traceback."""
    return not (isinstance(record.exc_info, tuple) and isinstance(record.exc_info[1], StocktakeError))


def _launch(store: Store, home: Path) -> None:
    _stopping.clear()
    logging.getLogger("dbos").setLevel(logging.ERROR)
    logging.getLogger("dbos").addFilter(_ours)
    engine = _system_engine(store, home)
    config: DBOSConfig = {
        "name": "stocktake",
        "system_database_engine": engine,
        "application_version": WORKFLOW_VERSION,
        "executor_id": str(uuid.uuid4()),
        "log_level": "ERROR",
        "console_log_level": "ERROR",
        "notification_listener_polling_interval_sec": 0.1,
    }
    DBOS(config=config)
    DBOS.launch()
    _launches.engine = engine if store.sqlite else None


def _put_away() -> None:
    DBOS.destroy(workflow_completion_timeout_sec=0)
    if _launches.engine is not None:
        _launches.engine.dispose()


def run_to_end(workflow_id: str, run_id: int, work: Work) -> None:
    """Start the workflow, or go on with it where it stood; returns when it has ended, raises what ended it."""
    _work[run_id] = work
    try:
        status = DBOS.get_workflow_status(workflow_id)
        if status is None:
            with SetWorkflowID(workflow_id):
                DBOS.start_workflow(_sync, run_id)
        else:
            DBOS.resume_workflow(workflow_id)
        DBOS.retrieve_workflow(workflow_id).get_result(polling_interval_sec=0.05)
    finally:
        del _work[run_id]


def is_resumable(workflow_id: str) -> bool:
    """False where the workflow ended, in error or by another version, although its run was not finished."""
    status = DBOS.get_workflow_status(workflow_id)
    return status is None or (status.status in _LIVE and status.app_version == WORKFLOW_VERSION)


def forget(workflow_id: str) -> None:
    """The run is in our own tables: what DBOS keeps of it is no longer needed."""
    DBOS.delete_workflow(workflow_id)


def _system_engine(store: Store, home: Path) -> Engine:
    if not store.sqlite:
        return store.engine
    # DBOS opens its transactions by hand and expects the driver's own manners, which `database_engine` takes away.
    engine = create_engine(URL.create("sqlite", database=str(home / _JOBS_FILE)), module=pysqlite3)
    event.listen(engine, "connect", _configure)
    return engine


def _configure(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own connection
    connection.isolation_level = "IMMEDIATE"
    share_safely(connection)
