"""Reading what no delta tracks: a pass over everybody, or only over those whom delta shows as changed.

The pass over everybody names every object, so it also proves or disproves what the delta round came to.
"""

from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, text

from stocktake.catalog import Stream
from stocktake.errors import StocktakeError, UntrustworthyAnswerError
from stocktake.graph.batch import BatchAnswer, BatchItem
from stocktake.store.bulk import stage
from stocktake.store.connectors import now
from stocktake.store.cursors import get_cursor
from stocktake.store.marks import mark_read, replace
from stocktake.store.runs import Checkpoint, ledger, settle
from stocktake.store.spans import present_after
from stocktake.sync.children import ask_batches, refusal
from stocktake.sync.context import RunContext, SourceState
from stocktake.sync.delta import note_name
from stocktake.sync.listing import read_listing, report_progress, rows_of
from stocktake.sync.outcomes import Outcome, Verdict, verdict_of

AT_ONCE = 80  # four batches of twenty
NAMED = "named"  # the note of whom the pass over everybody has named


async def rest_state(context: RunContext, rest: Stream) -> SourceState:
    """The line of the pass in the ledger, where it stands."""
    lines = await context.commit(lambda connection: ledger(connection, context.run_id))
    return SourceState.of(rest, next(line for line in lines if line.source == rest.name))


async def is_due(context: RunContext, rest: Stream) -> bool:
    """Whether everybody is to be read: nobody was yet, or so long ago as the settings allow."""
    cursor = await context.commit(lambda connection: get_cursor(connection, context.connector.id, rest.name))
    if cursor is None:
        return True
    return datetime.fromisoformat(cursor.full_at) + timedelta(hours=context.cadence.licence_states_every_h) <= _now()


def _now() -> datetime:
    return datetime.now(UTC)


async def read_rest(context: RunContext, stream: Stream, state: SourceState, *, everybody: bool) -> Verdict:
    """Read for everybody, or for whom the round has staged; errors become a verdict on this pass alone."""
    rest = _rest(state)
    checkpoint = state.checkpoint
    if not checkpoint.mode:
        checkpoint.mode, checkpoint.began_at = ("full" if everybody else "delta"), now()
        mode = checkpoint.mode
        await context.commit(lambda connection: settle(connection, context.run_id, rest.name, mode=mode))
    report_progress(context, state)
    try:
        if checkpoint.mode == "full":
            verdict = await _everybody(context, stream, state)
        else:
            verdict = await _changed(context, stream, state)
    except StocktakeError as error:
        verdict = verdict_of(rest, error, begun=state.checkpoint.started)
    report_progress(context, state, verdict.outcome)
    return verdict


async def forget_rest(context: RunContext, state: SourceState) -> None:
    """What the pass staged was thrown away with the round: its line begins anew."""
    state.checkpoint = Checkpoint()
    state.counters.rows = 0

    def change(connection: Connection) -> None:
        state.save(connection, context.run_id)
        settle(connection, context.run_id, state.source.name, mode="full", outcome=None, reason=None, check=None)

    await context.commit(change)


async def differing(context: RunContext, stream: Stream) -> int:
    """How many objects the pass and the round do not agree on; whom the round showed again meanwhile does not count."""
    own = stream.datasets[0]
    passed = "SELECT m.subject FROM stage_marks AS m WHERE m.connector_id = :connector AND m.name = :passed"
    again = "SELECT m.subject FROM stage_marks AS m WHERE m.connector_id = :connector AND m.name = :again"
    query = text(
        f"SELECT (SELECT count(*) FROM ({present_after(own)}) AS a WHERE a.key NOT IN ({passed} UNION ALL {again})) + "
        f"(SELECT count(*) FROM ({passed}) AS p WHERE p.subject NOT IN ({again}) "
        f"AND p.subject NOT IN (SELECT a.key FROM ({present_after(own)}) AS a))"
    )
    values = {
        "connector": context.connector.id,
        "passed": note_name(stream, NAMED),
        "again": note_name(stream, "again"),
    }
    return await context.commit(lambda connection: int(connection.execute(query, values).scalar_one()))


async def _everybody(context: RunContext, stream: Stream, state: SourceState) -> Verdict:
    rest, connector = _rest(state), context.connector.id
    name = note_name(stream, NAMED)

    def before(connection: Connection, items: list[Any]) -> None:
        mark_read(connection, rest.datasets[0], connector, name, [item.id for item in items])

    await read_listing(context, rest, state, before)
    count = "SELECT count(*) FROM stage_marks WHERE connector_id = :connector AND name = :name"
    values = {"connector": connector, "name": name}
    named = await context.commit(lambda connection: connection.execute(text(count), values).scalar_one())
    return Verdict(Outcome.COMPLETE, check=f"read for all {named} {stream.name}")


async def _changed(context: RunContext, stream: Stream, state: SourceState) -> Verdict:
    checkpoint = state.checkpoint
    while not checkpoint.finished:
        some = await context.commit(partial(_next_changed, context, stream, checkpoint.after))
        if some:
            await _ask_for(context, state, some)
        else:
            checkpoint.started = checkpoint.finished = True
            await context.commit(lambda connection: state.save(connection, context.run_id))
    rest = _rest(state)
    if checkpoint.refused:
        more = f" and {len(checkpoint.refused) - 1} more" if len(checkpoint.refused) > 1 else ""
        return Verdict(Outcome.INCOMPLETE, f"{stream.name} that could not be read: {checkpoint.refused[0]}{more}")
    cursor = await context.commit(lambda connection: get_cursor(connection, context.connector.id, rest.name))
    as_of = cursor.full_at if cursor else "never"
    return Verdict(Outcome.COMPLETE, check=f"read for {checkpoint.items} changed {stream.name}, the others {as_of}")


def _next_changed(context: RunContext, stream: Stream, after: int, connection: Connection) -> list[tuple[int, str]]:
    own = stream.datasets[0]
    key = own.key[0]
    query = text(
        f'SELECT o.key, o.id FROM stage_{own.name} AS s JOIN directory_objects AS o ON o.key = s."{key}" '
        f'WHERE s.connector_id = :connector AND s."{key}" > :after ORDER BY s."{key}" LIMIT :most'
    )
    values = {"connector": context.connector.id, "after": after, "most": AT_ONCE}
    return [(row.key, row.id) for row in connection.execute(query, values)]


async def _ask_for(context: RunContext, state: SourceState, some: list[tuple[int, str]]) -> None:
    rest = _rest(state)
    query = f"?$select={','.join(rest.select)}"
    items = [BatchItem(object_id, f"{rest.path}/{object_id}{query}") for _, object_id in some]
    answers = await ask_batches(context, state, items)
    found = [object_id for object_id, answer in answers.items() if answer.status == 200]
    rows = list(rows_of(rest, [_item(rest, answers[object_id]) for object_id in found], rest.datasets[0].row_maker))
    checkpoint = state.checkpoint
    checkpoint.started = True
    checkpoint.after = some[-1][0]
    checkpoint.items += len(found)
    for object_id, answer in answers.items():
        if answer.status != 200:
            checkpoint.refused.extend(refusal(rest, object_id, answer))
    state.counters.pages += len(some)
    state.counters.rows += len(rows)

    def change(connection: Connection) -> None:
        replace(connection, rest.datasets[0], context.connector.id, [(object_id, None) for object_id in found])
        stage(connection, rest.datasets[0], context.connector.id, rows)
        state.save(connection, context.run_id)

    await context.commit(change)
    report_progress(context, state)


def _item(rest: Stream, answer: BatchAnswer) -> Any:  # noqa: ANN401 - the stream's item type
    try:
        return msgspec.json.decode(answer.body, type=rest.item)
    except msgspec.DecodeError as error:
        raise UntrustworthyAnswerError(f"{rest.path}: an object has a wrong shape: {error}") from None


def _rest(state: SourceState) -> Stream:
    assert isinstance(state.source, Stream)  # noqa: S101 - made by rest_state
    return state.source
