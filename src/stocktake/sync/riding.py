"""A source that rides on another's delta: the links of its objects came with them, and no request is left to make."""

from dataclasses import dataclass

from sqlalchemy import Connection, text

from stocktake.catalog import SOURCES, Stream
from stocktake.store.runs import Entry, ledger, settle
from stocktake.sync.children import hidden_members
from stocktake.sync.context import RunContext, SourceState, primary
from stocktake.sync.outcomes import Outcome, Verdict


@dataclass(frozen=True, slots=True)
class Carrier:
    stream: Stream
    entry: Entry  # its line of the ledger, settled


async def carrier_of(context: RunContext, stream: Stream) -> Carrier | None:
    """Whose delta brought the links of this stream in this run; None where they have to be asked for."""
    carrier = next((s for s in SOURCES if isinstance(s, Stream) and s.delta and s.delta.links is stream), None)
    if carrier is None:
        return None
    lines = await context.commit(lambda connection: ledger(connection, context.run_id))
    entry = next(line for line in lines if line.source == carrier.name)
    return None if entry.checkpoint.alone or not entry.checkpoint.mode else Carrier(carrier, entry)


async def ride(context: RunContext, carrier: Carrier, state: SourceState) -> Verdict:
    """The verdict that follows from the carrier's; the cursor of both moves on when this source is merged."""
    theirs, mine, outcome = carrier.entry.checkpoint, state.checkpoint, Outcome(str(carrier.entry.outcome))
    mine.mode, mine.started, mine.finished = theirs.mode, theirs.started, theirs.finished
    name = state.source.name
    await context.commit(lambda connection: settle(connection, context.run_id, name, mode=theirs.mode))
    if outcome not in (Outcome.COMPLETE, Outcome.INCOMPLETE):
        return Verdict(outcome, f"{carrier.stream.name} could not be read", f"See the line of {carrier.stream.name}")
    state.counters.rows = await context.commit(lambda connection: _staged(connection, context, state))
    if outcome is not Outcome.COMPLETE:
        return Verdict(Outcome.INCOMPLETE, f"{carrier.stream.name} are {outcome}, so this can't be whole")
    mine.cursor, mine.delta_link = carrier.stream.name, theirs.delta_link
    mine.fingerprint, mine.began_at = theirs.fingerprint, theirs.began_at
    mine.audited = theirs.audited
    hidden = await context.commit(lambda connection: _hidden(connection, context, carrier))
    refused = hidden_members(context, hidden)
    if refused is not None:
        await context.commit(lambda connection: _mark_visible(connection, context, carrier.stream, state))
        return refused
    how = "the first delta round" if theirs.mode == "full" else "the delta"
    return Verdict(Outcome.COMPLETE, check=f"{state.counters.rows} came with {how} of {carrier.stream.name}")


def _staged(connection: Connection, context: RunContext, state: SourceState) -> int:
    query = f"SELECT count(*) FROM stage_{primary(state.source).name} WHERE connector_id = :connector"
    return int(connection.execute(text(query), {"connector": context.connector.id}).scalar_one())


def _hidden(connection: Connection, context: RunContext, carrier: Carrier) -> int:
    """Groups with hidden members among those staged, and in a delta also among those that are known and not told of."""
    name = primary(carrier.stream).name
    query = (
        f"SELECT (SELECT count(*) FROM stage_{name} AS s WHERE s.connector_id = :connector "
        "AND s.visibility = 'HiddenMembership')"
    )
    if carrier.entry.checkpoint.mode == "delta":
        query += (
            f" + (SELECT count(*) FROM {name} AS t WHERE t.connector_id = :connector AND t.to_run IS NULL "
            "AND t.visibility = 'HiddenMembership' AND NOT EXISTS (SELECT 1 FROM "
            f"stage_{name} AS s WHERE s.connector_id = :connector AND s.id = t.id) AND NOT EXISTS (SELECT 1 FROM "
            f"stage_marks AS m WHERE m.connector_id = :connector AND m.name = '{name}' AND m.subject = t.id))"
        )
    return int(connection.execute(text(query), {"connector": context.connector.id}).scalar_one())


def _mark_visible(connection: Connection, context: RunContext, carrier: Stream, state: SourceState) -> None:
    """Of groups that show their members, those staged are all, although hidden ones leave no proof for all."""
    if state.checkpoint.mode == "delta":
        return
    connection.execute(
        text(
            "INSERT INTO stage_marks (connector_id, name, subject, other) SELECT s.connector_id, :name, s.id, 0 "
            f"FROM stage_{primary(carrier).name} AS s WHERE s.connector_id = :connector "
            "AND (s.visibility IS NULL OR s.visibility <> 'HiddenMembership') ON CONFLICT DO NOTHING"
        ),
        {"connector": context.connector.id, "name": primary(state.source).name},
    )
