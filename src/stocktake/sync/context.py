"""What the parts of a running sync share."""

import asyncio
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeVar

from sqlalchemy import Connection

from stocktake.catalog import Dataset, Report, Source
from stocktake.graph.client import GraphClient
from stocktake.graph.meter import Meter
from stocktake.identity.clouds import Cloud
from stocktake.store.connectors import Connector
from stocktake.store.engine import Store
from stocktake.store.runs import Checkpoint, Counters, Entry, save_progress

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a source has come; sent after every page and whenever it begins to wait."""

    source: str
    pages: int
    rows: int
    waiting: str  # what is being waited for; empty when nothing is
    outcome: str | None = None
    expected: int | None = None  # rows, where Graph was asked to count them


@dataclass(frozen=True)
class RunContext:
    store: Store
    connector: Connector
    cloud: Cloud
    client: GraphClient
    run_id: int
    roles: frozenset[str]  # permissions that the token holds, for diagnosis only
    page_size: int
    progress: Callable[[Progress], None]
    settled: dict[str, asyncio.Event]
    report_bodies: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(2))  # in memory at one time
    stopping: Callable[[], bool] = lambda: False  # true once this process is asked to end
    writer: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, thread_name_prefix="store"))

    async def commit(self, change: Callable[[Connection], T]) -> T:
        """Run the change in one transaction, on the one thread that writes."""

        def call() -> T:
            with self.store.write() as connection:
                return change(connection)

        return await asyncio.get_running_loop().run_in_executor(self.writer, call)


@dataclass
class SourceState:
    """A source inside its run: where it stands and what it has cost, earlier attempts included."""

    source: Source
    checkpoint: Checkpoint
    counters: Counters
    meter: Meter = field(default_factory=Meter)

    @classmethod
    def of(cls, source: Source, entry: Entry) -> "SourceState":
        counters = Counters(entry.pages, entry.rows, entry.requests, entry.retries, entry.throttled, entry.waited_s)
        return cls(source, entry.checkpoint, counters)

    @property
    def scope(self) -> Mapping[str, object]:
        """What the source is responsible for within its datasets: a report, its rows of the table of all reports."""
        match self.source:
            case Report(function=function, period=period):
                return {"report": function, "period": period or 0}
            case _:
                return {}

    def spent(self) -> Counters:
        base, meter = self.counters, self.meter
        return Counters(
            pages=base.pages,
            rows=base.rows,
            requests=base.requests + meter.requests,
            retries=base.retries + meter.retries,
            throttled=base.throttled + meter.throttled,
            waited_s=base.waited_s + meter.waited_s,
            waiting=meter.waiting,
        )

    def save(self, connection: Connection, run_id: int) -> None:
        save_progress(connection, run_id, self.source.name, self.checkpoint, self.spent())


def primary(source: Source) -> Dataset:
    """The dataset that a source is named after: its rows are the source's rows."""
    return source.datasets[0]
