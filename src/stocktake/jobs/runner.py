"""Running a sync of one connector in this process, from nothing or from where a killed one stood."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Connection, update

from stocktake.access.sources import TokenSource, token_source
from stocktake.catalog import SOURCES, datasets
from stocktake.errors import CancelledRunError, ConfigurationError, StocktakeError
from stocktake.graph.client import GraphClient, Manners
from stocktake.graph.gate import Gate, Gates, Rate
from stocktake.graph.patience import Patience
from stocktake.graph.transport import Timeouts
from stocktake.identity.clouds import Cloud
from stocktake.identity.sealing import Sealer
from stocktake.identity.tokens import diagnose
from stocktake.jobs.ownership import owning
from stocktake.settings import Settings
from stocktake.store.clouds import get_cloud
from stocktake.store.connectors import Connector
from stocktake.store.engine import Store
from stocktake.store.runs import Run, add_sources, create_run, finish_run, unfinished_run
from stocktake.store.spans import clear_staging
from stocktake.store.tables import runs
from stocktake.sync.close import RunReport, close_run, run_report
from stocktake.sync.collect import collect
from stocktake.sync.context import Progress, RunContext


@dataclass(frozen=True)
class _Job:
    settings: Settings
    store: Store
    connector: Connector
    cloud: Cloud
    tokens: TokenSource
    run_id: int
    progress: Callable[[Progress], None]
    stopping: Callable[[], bool]

    async def collect(self) -> None:
        held = diagnose(await self.tokens.token())
        settings = self.settings
        client = GraphClient(
            self.cloud.graph_url,
            self.tokens,
            ca_pem=self.cloud.ca_bundle,
            gates=_gates(settings),
            manners=Manners(Timeouts(read=settings.graph_timeout), Patience(settings.graph_patience)),
        )
        async with client:
            await collect(
                RunContext(
                    store=self.store,
                    connector=self.connector,
                    cloud=self.cloud,
                    client=client,
                    run_id=self.run_id,
                    roles=held.roles | held.scopes,
                    page_size=settings.graph_page_size,
                    progress=self.progress,
                    settled={source.name: asyncio.Event() for source in SOURCES},
                    stopping=self.stopping,
                )
            )

    def close(self) -> None:
        close_run(self.store, self.connector, self.run_id)


def sync_connector(
    settings: Settings,
    store: Store,
    sealer: Sealer,
    connector: Connector,
    *,
    progress: Callable[[Progress], None],
    full: bool = False,
) -> RunReport:
    """Sync to the end and report. ConfigurationError where nobody can sign in: the run is then recorded as failed;
    CancelledRunError if somebody cancels it: likewise, and nothing of it is kept.

    Every listing of this version is a full one, so `full` changes nothing yet.
    """
    from stocktake.jobs import workflows

    home = settings.home.expanduser().absolute()
    cloud = get_cloud(store, connector.cloud)
    tokens = token_source(settings, store, sealer, cloud, connector)
    with owning(store, home, connector), workflows.launched(store, home):
        run_id, workflow_id = _run_to_continue(store, connector, workflows.is_resumable)
        job = _Job(settings, store, connector, cloud, tokens, run_id, progress, workflows.is_stopping)
        try:
            workflows.run_to_end(workflow_id, run_id, workflows.Work(job.collect, job.close))
        except ConfigurationError as error:
            _fail(store, run_id, error)
            raise
        except CancelledRunError:
            workflows.forget(workflow_id)
            end_cancelled(store, connector)
            raise
        workflows.forget(workflow_id)
        return run_report(store, connector, run_id)


def _gates(settings: Settings) -> Gates:
    return Gates(
        identity=Gate("identity", concurrency=settings.graph_concurrency),
        sign_ins=Gate("sign_ins", concurrency=2, rate=Rate(settings.sign_ins_per_minute, 60.0)),
    )


def _run_to_continue(store: Store, connector: Connector, is_resumable: Callable[[str], bool]) -> tuple[int, str]:
    """The unfinished run with its workflow, or a new one."""
    workflow_id = str(uuid.uuid4())
    with store.write() as connection:
        left = unfinished_run(connection, connector.id)
        if left is not None and left.cancel_requested:
            _drop(connection, connector, left)
        elif left is not None:
            add_sources(connection, left.id, left.mode, _ledger_names())
            if is_resumable(left.workflow_id):
                return left.id, left.workflow_id
            # The checkpoints of the run are ours and stay good; only its workflow came to an end.
            connection.execute(update(runs).where(runs.c.id == left.id).values(workflow_id=workflow_id))
            return left.id, workflow_id
        _clear(connection, connector)
        return create_run(connection, connector.id, workflow_id, "full", _ledger_names()), workflow_id


def end_cancelled(store: Store, connector: Connector) -> None:
    """End the unfinished run of a connector that somebody cancelled: failed, with nothing merged. Own its lock."""
    with store.write() as connection:
        left = unfinished_run(connection, connector.id)
        if left is not None and left.cancel_requested:
            _drop(connection, connector, left)


def _drop(connection: Connection, connector: Connector, left: Run) -> None:
    _clear(connection, connector)
    finish_run(connection, left.id, "failed", left.reason)


def _clear(connection: Connection, connector: Connector) -> None:
    for dataset in datasets():
        clear_staging(connection, dataset, connector.id, {})


def _ledger_names() -> list[str]:
    return [
        name
        for source in SOURCES
        for name in (source.name, *(dataset.name for dataset in source.datasets if dataset.ledger))
    ]


def _fail(store: Store, run_id: int, error: StocktakeError) -> None:
    with store.write() as connection:
        finish_run(connection, run_id, "failed", error.message)
