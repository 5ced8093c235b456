"""Collecting: every source of a run side by side, each with its own verdict."""

import asyncio

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from stocktake.catalog import SOURCES, Report, Source, Stream
from stocktake.errors import CancelledRunError, StocktakeError, StoppedRunError
from stocktake.store.runs import get_run, ledger, settle
from stocktake.sync.children import list_children
from stocktake.sync.context import RunContext, SourceState
from stocktake.sync.listing import list_stream, report_progress
from stocktake.sync.outcomes import Outcome, Verdict, verdict_of
from stocktake.sync.reports import fetch_report

WATCH_EVERY_S = 0.3

log = structlog.get_logger(__name__)


async def collect(context: RunContext) -> None:
    """Bring every source that has no verdict yet to its verdict. A database that fails ends the whole run's attempt."""
    with context.store.read() as connection:
        entries = {entry.source: entry for entry in ledger(connection, context.run_id)}
    outcomes = {name: entry.outcome for name, entry in entries.items() if entry.outcome is not None}
    for source in SOURCES:
        if source.name in outcomes:
            context.settled[source.name].set()
    states = [SourceState.of(source, entries[source.name]) for source in SOURCES if source.name not in outcomes]
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_watch(context, states))
            async with asyncio.TaskGroup() as sources:
                for state in states:
                    sources.create_task(_source(context, state.source, state, outcomes))
            watch.cancel()
    except ExceptionGroup as failures:
        raise _first(failures) from None
    finally:
        context.writer.shutdown()


def _first(failures: ExceptionGroup[Exception]) -> Exception:
    first = failures.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


async def _watch(context: RunContext, states: list[SourceState]) -> None:
    """End the others, whatever they wait for, when the run is cancelled or this process is asked to end.

    Also tells what they wait for: a source that waits can't do it.
    """
    told = dict.fromkeys((state.source.name for state in states), "")

    def cancelled() -> str | None:
        with context.store.read() as connection:
            run = get_run(connection, context.run_id)
        return (run.reason or "cancelled") if run.cancel_requested else None

    while True:
        if context.stopping():
            raise StoppedRunError("the sync was stopped", "start it again: it goes on where it stands")
        if (reason := await asyncio.to_thread(cancelled)) is not None:
            raise CancelledRunError(reason)
        for state in states:
            if told[state.source.name] != state.meter.waiting:
                told[state.source.name] = state.meter.waiting
                report_progress(context, state)
        await asyncio.sleep(WATCH_EVERY_S)


async def _source(context: RunContext, source: Source, state: SourceState, outcomes: dict[str, str]) -> None:
    report_progress(context, state)
    try:
        verdict = await _run(context, source, state, outcomes)
    except StocktakeError as error:
        verdict = verdict_of(source, error, begun=state.checkpoint.started or state.checkpoint.restarts > 0)
    except SQLAlchemyError:
        raise
    except Exception as error:
        # The boundary of a source's run: a fault of ours in one source must not cost the others their night.
        log.exception("source failed", source=source.name)
        verdict = Verdict(Outcome.FAILED, f"a fault in Stocktake: {type(error).__name__}: {error}", "Report it, please")
    await _settle(context, source, state, verdict)
    outcomes[source.name] = verdict.outcome
    context.settled[source.name].set()
    report_progress(context, state, verdict.outcome)


async def _run(context: RunContext, source: Source, state: SourceState, outcomes: dict[str, str]) -> Verdict:
    match source:
        case Report():
            return await fetch_report(context, source, state)
        case Stream(parent=str(parent)):
            await context.settled[parent].wait()
            outcome = Outcome(outcomes[parent])
            if outcome not in (Outcome.COMPLETE, Outcome.INCOMPLETE):
                return Verdict(outcome, f"{parent} could not be read", f"See the line of {parent}")
            return await list_children(context, source, state, outcome)
        case Stream():
            return await list_stream(context, source, state)


async def _settle(context: RunContext, source: Source, state: SourceState, verdict: Verdict) -> None:
    riders = [dataset.name for dataset in source.datasets if dataset.ledger]

    def change(connection: Connection) -> None:
        for name in (source.name, *riders):
            settle(
                connection,
                context.run_id,
                name,
                outcome=verdict.outcome.value,
                reason=verdict.reason,
                remedy=verdict.remedy,
                check=verdict.check if name == source.name else None,
            )
        state.save(connection, context.run_id)

    await context.commit(change)
