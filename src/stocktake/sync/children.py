"""Reading a collection under each object of another dataset, twenty to a $batch."""

import asyncio
from typing import Any

from sqlalchemy import Connection, text

from stocktake.catalog import Stream
from stocktake.errors import PermissionMissingError, UntrustworthyAnswerError
from stocktake.graph.answers import error_in
from stocktake.graph.batch import BATCH_LIMIT, BatchAnswer, BatchItem
from stocktake.graph.link import check_link
from stocktake.graph.pages import decode_page, page_decoder
from stocktake.store.bulk import stage
from stocktake.sync.context import RunContext, SourceState
from stocktake.sync.listing import report_progress
from stocktake.sync.outcomes import Outcome, Verdict

PARENTS_AT_ONCE = 80  # four batches of twenty
_HIDDEN_PERMISSION = "Member.Read.Hidden"


async def list_children(context: RunContext, stream: Stream, state: SourceState, parent_outcome: str) -> Verdict:
    """Ask for the children of every parent that this run has listed."""
    checkpoint = state.checkpoint
    while not checkpoint.finished:
        work = list(checkpoint.links[:PARENTS_AT_ONCE])
        fresh = await _next_parents(context, stream, checkpoint.after, PARENTS_AT_ONCE - len(work))
        if not work and not fresh:
            checkpoint.finished = True
            await context.commit(lambda connection: state.save(connection, context.run_id))
            break
        await _round(context, stream, state, work, fresh)
    return await _verdict(context, stream, state, parent_outcome)


async def _next_parents(context: RunContext, stream: Stream, after: int, most: int) -> list[tuple[int, str]]:
    query = text(
        f"SELECT o.key, o.id FROM stage_{stream.parent} AS s JOIN directory_objects AS o ON o.key = s.id "
        "WHERE s.connector_id = :connector AND s.id > :after ORDER BY s.id LIMIT :most"
    )
    values = {"connector": context.connector.id, "after": after, "most": most}

    def read(connection: Connection) -> list[tuple[int, str]]:
        return [(row.key, row.id) for row in connection.execute(query, values)]

    return await context.commit(read) if most else []


async def _round(
    context: RunContext,
    stream: Stream,
    state: SourceState,
    work: list[tuple[str, str]],
    fresh: list[tuple[int, str]],
) -> None:
    query = f"?$select={','.join(stream.select)}"
    if stream.page_sizes:
        query += f"&$top={min(stream.page_sizes[0], context.page_size)}"
    asked = {f"link-{place}": link for place, link in enumerate(work)}
    asked |= {f"{key}": (parent, stream.path.replace("{id}", parent) + query) for key, parent in fresh}
    answers = await _asked(context, state, [BatchItem(name, url) for name, (_, url) in asked.items()])
    links: list[tuple[str, str]] = []
    rows: list[Any] = []
    decoder = page_decoder(stream.item)
    dataset = stream.datasets[0]
    refused: list[str] = []
    for name, (parent, _) in asked.items():
        answer = answers[name]
        if answer.status != 200:
            refused.extend(_refusal(stream, parent, answer))
            continue
        page = decode_page(answer.body, decoder)
        rows.extend(row for item in page.items for row in dataset.row_maker((parent, item)))
        if page.next_link is not None:
            links.append((parent, _followed(context, work, parent, page.next_link)))
    checkpoint = state.checkpoint
    checkpoint.started = True
    checkpoint.links = [*checkpoint.links[len(work) :], *links]
    checkpoint.after = fresh[-1][0] if fresh else checkpoint.after
    checkpoint.refused.extend(refused)
    state.counters.pages += len(asked)
    state.counters.rows += len(rows)

    def change(connection: Connection) -> None:
        stage(connection, dataset, context.connector.id, rows)
        state.save(connection, context.run_id)

    await context.commit(change)
    report_progress(context, state)


async def _asked(context: RunContext, state: SourceState, items: list[BatchItem]) -> dict[str, BatchAnswer]:
    """All answers; the batches go side by side, as far as the throttle gate lets them."""
    parts = [items[start : start + BATCH_LIMIT] for start in range(0, len(items), BATCH_LIMIT)]
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(context.client.batch(part, state.meter)) for part in parts]
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return {name: answer for task in tasks for name, answer in task.result().items()}


def _followed(context: RunContext, work: list[tuple[str, str]], parent: str, link: str) -> str:
    check_link(context.cloud.graph_url, link)
    if (parent, link) in work:
        raise UntrustworthyAnswerError(f"the members of {parent} never end: Graph's next link leads to itself")
    return link


def _refusal(stream: Stream, parent: str, answer: BatchAnswer) -> list[str]:
    """Why a parent's children could not be read; nothing for a parent that was deleted since it was listed."""
    if answer.status == 404:
        return []
    error = error_in(answer.body)
    if answer.status == 403:
        raise PermissionMissingError(f"{stream.path} is not permitted ({error.code})", permission=stream.permissions[0])
    return [f"{parent}: {answer.status} {error.code}".rstrip()]


async def _verdict(context: RunContext, stream: Stream, state: SourceState, parent_outcome: str) -> Verdict:
    refused = state.checkpoint.refused
    if refused:
        more = f" and {len(refused) - 1} more" if len(refused) > 1 else ""
        return Verdict(Outcome.INCOMPLETE, f"{stream.parent} that could not be read: {refused[0]}{more}", "Sync again")
    if parent_outcome != Outcome.COMPLETE:
        return Verdict(Outcome.INCOMPLETE, f"{stream.parent} are {parent_outcome}, so this can't be whole")
    hidden = 0
    if stream.parent == "groups":
        hidden = await context.commit(lambda connection: _hidden(connection, context))
    if hidden and context.roles and _HIDDEN_PERMISSION not in context.roles:
        return Verdict(
            Outcome.INCOMPLETE,
            f"{hidden} groups hide their members from this connector: needs {_HIDDEN_PERMISSION}",
            f"Portal: App registrations, API permissions: add {_HIDDEN_PERMISSION} and grant admin consent",
        )
    return Verdict(Outcome.COMPLETE, check=f"asked for every one of the listed {stream.parent}")


def _hidden(connection: Connection, context: RunContext) -> int:
    query = "SELECT count(*) FROM stage_groups WHERE connector_id = :connector AND visibility = 'HiddenMembership'"
    return int(connection.execute(text(query), {"connector": context.connector.id}).scalar_one())
