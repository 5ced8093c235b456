"""Reading a collection page after page: the rows of a page and the place where it stood go into one commit."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection, text

from stocktake.catalog import Stream
from stocktake.catalog.declaration import Row
from stocktake.errors import ExpiredLinkError, StocktakeError, UntrustworthyAnswerError
from stocktake.graph.answers import RefusedError
from stocktake.graph.link import LinkTrail
from stocktake.graph.pages import Page, page_decoder
from stocktake.store.bulk import stage
from stocktake.store.runs import Checkpoint
from stocktake.store.spans import clear_staging
from stocktake.sync.context import Progress, RunContext, SourceState, primary
from stocktake.sync.outcomes import Outcome, Verdict

Ask = Callable[[str], Awaitable[Page[Any]]]

MOST_RESTARTS = 3  # of one listing whose page tokens keep expiring


async def list_stream(context: RunContext, stream: Stream, state: SourceState) -> Verdict:
    """Bring the listing to its end, from wherever its checkpoint stands."""
    while not state.checkpoint.finished:
        try:
            await _list_on(context, stream, state)
        except ExpiredLinkError:
            if state.checkpoint.restarts >= MOST_RESTARTS:
                raise
            await _restart(context, state)
    return await _verdict(context, stream, state)


async def _list_on(context: RunContext, stream: Stream, state: SourceState) -> None:
    checkpoint = state.checkpoint
    if not checkpoint.started:
        checkpoint.counted = await _count(context, stream, state)
    ask = _asking(context, stream, state)
    trail = LinkTrail()
    if checkpoint.next_link is None:
        page = await _first_page(context, stream, state, ask)
    else:
        page = await ask(trail.follow(checkpoint.next_link))
    while page.next_link is not None:
        # The next page is on its way while this one is being stored.
        ahead = asyncio.ensure_future(_followed(ask, trail, page.next_link))
        try:
            await _store(context, stream, state, page)
            page = await ahead
        finally:
            await _abandon(ahead)
    await _store(context, stream, state, page)


async def _followed(ask: Ask, trail: LinkTrail, link: str) -> Page[Any]:
    return await ask(trail.follow(link))


async def _abandon(task: asyncio.Future[Page[Any]]) -> None:
    """Leave no request behind: its error, if it has one, was raised where it was awaited or comes again on resuming."""
    if not task.done():
        task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.exception()


def _asking(context: RunContext, stream: Stream, state: SourceState) -> Ask:
    if stream.single:

        async def ask_single(url: str) -> Page[Any]:
            body = await context.client.get(url, state.meter, workload=stream.workload.value)
            return read_single(stream, body)

        return ask_single
    decoder = page_decoder(stream.item)

    async def ask(url: str) -> Page[Any]:
        return await context.client.get_page(url, decoder, state.meter, workload=stream.workload.value)

    return ask


async def _first_page(context: RunContext, stream: Stream, state: SourceState, ask: Ask) -> Page[Any]:
    """Ask with the largest page that Graph accepts; what it accepts has changed over time (graph-facts 1.2)."""
    sizes = list(dict.fromkeys(min(size, context.page_size) for size in stream.page_sizes))
    for size in sizes:
        try:
            page = await ask(first_url(context, stream, size))
        except RefusedError:
            if size == sizes[-1]:
                raise
        else:
            state.checkpoint.page_size = size
            return page
    return await ask(first_url(context, stream, None))


def first_url(context: RunContext, stream: Stream, size: int | None) -> str:
    """The address of the first page; `$top` only where Graph takes it."""
    query = f"$select={quote(','.join(stream.select), safe=',')}"
    top = f"&$top={size}" if size else ""
    return context.client.url(f"{stream.path}?{query}{top}")


def read_single(stream: Stream, body: bytes) -> Page[Any]:
    """The page of an answer that is one object, published both flat and wrapped in `value` (graph-facts 1.6)."""
    try:
        wrapped = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
        item = msgspec.json.decode(wrapped.get("value", msgspec.Raw(body)), type=stream.item)
    except msgspec.DecodeError as error:
        raise UntrustworthyAnswerError(f"{stream.path} answered something else than expected: {error}") from error
    return Page(items=[item])


async def _store(context: RunContext, stream: Stream, state: SourceState, page: Page[Any]) -> None:
    checkpoint = state.checkpoint
    batches = [(dataset, list(_rows(stream, page.items, dataset.row_maker))) for dataset in stream.datasets]
    checkpoint.started = True
    checkpoint.items += len(page.items)
    checkpoint.next_link = page.next_link
    checkpoint.finished = page.next_link is None
    state.counters.pages += 1
    state.counters.rows += len(batches[0][1])

    def change(connection: Connection) -> None:
        for dataset, rows in batches:
            stage(connection, dataset, context.connector.id, rows)
        state.save(connection, context.run_id)

    await context.commit(change)
    report_progress(context, state)


def _rows(stream: Stream, items: list[Any], row_maker: Any) -> Iterator[Row]:  # noqa: ANN401 - any item type
    try:
        for item in items:
            yield from row_maker(item)
    except ValueError as error:
        raise UntrustworthyAnswerError(f"{stream.path} holds a value that can't be read: {error}") from error


async def _restart(context: RunContext, state: SourceState) -> None:
    """Begin again at the first page: a page token has expired, and what came before can't be continued."""
    state.checkpoint = Checkpoint(restarts=state.checkpoint.restarts + 1)
    state.counters.rows = 0

    def change(connection: Connection) -> None:
        for dataset in state.source.datasets:
            clear_staging(connection, dataset, context.connector.id, state.scope)
        state.save(connection, context.run_id)

    await context.commit(change)


async def _count(context: RunContext, stream: Stream, state: SourceState) -> int | None:
    """Graph's own count; None where it gives none, which makes the listing unchecked, not incomplete."""
    if stream.counted is None:
        return None
    headers = {"ConsistencyLevel": "eventual"}
    try:
        body = await context.client.get(context.client.url(stream.counted), state.meter, headers=headers)
        return int(body.decode("utf-8-sig"))
    except (StocktakeError, ValueError):
        return None


async def _verdict(context: RunContext, stream: Stream, state: SourceState) -> Verdict:
    """The listing reached its last page; complete if nothing contradicts that."""
    if stream.counted is None:
        return Verdict(Outcome.COMPLETE)
    listed = await context.commit(lambda connection: staged(connection, context, state))
    before = state.checkpoint.counted
    if before is None:
        return Verdict(Outcome.COMPLETE, check=f"listed {listed}; Graph gave no count to compare with")
    if listed == before:
        return Verdict(Outcome.COMPLETE, check=f"$count {before}, listed {listed}")
    after = await _count(context, stream, state)
    after = before if after is None else after
    check = f"$count {before} before and {after} after, listed {listed}"
    if min(before, after) <= listed <= max(before, after):
        return Verdict(Outcome.COMPLETE, check=check)
    return Verdict(
        Outcome.INCOMPLETE,
        f"Graph counts {after}, but the listing held {listed}; nothing was taken for removed",
        "Run the sync again; Graph's count can lag some minutes behind a change",
        check,
    )


def staged(connection: Connection, context: RunContext, state: SourceState) -> int:
    """Distinct rows received so far for what the source is named after."""
    query = f"SELECT count(*) FROM stage_{primary(state.source).name} WHERE connector_id = :connector"
    return int(connection.execute(text(query), {"connector": context.connector.id}).scalar_one())


def report_progress(context: RunContext, state: SourceState, outcome: str | None = None) -> None:
    context.progress(
        Progress(
            source=state.source.name,
            pages=state.counters.pages,
            rows=state.counters.rows,
            waiting=state.meter.waiting,
            outcome=outcome,
            expected=state.checkpoint.counted,
        )
    )
