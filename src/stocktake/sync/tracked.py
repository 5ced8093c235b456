"""A source that Graph tracks: what has changed where there is a good cursor, everything where there is none.

Which of the two it is, and why everything, stands in the ledger. See docs/decisions/0005-delta.md.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import msgspec
from sqlalchemy import Connection, text

from stocktake.catalog import Stream
from stocktake.errors import ExpiredLinkError, PermissionMissingError, StocktakeError, UntrustworthyAnswerError
from stocktake.graph.answers import NotFoundError, RefusedError
from stocktake.graph.link import LinkTrail, check_link
from stocktake.store.connectors import now
from stocktake.store.cursors import Cursor, get_cursor
from stocktake.store.marks import clear_marks, mark
from stocktake.store.runs import settle
from stocktake.store.spans import present_after
from stocktake.sync.context import RunContext, SourceState
from stocktake.sync.delta import asking, delta_of, delta_select, delta_url, follow, ids_of, note_name
from stocktake.sync.listing import begin_anew, count, judge_listing, read_listing, restart
from stocktake.sync.outcomes import Outcome, Verdict
from stocktake.sync.rest import NAMED, differing, forget_rest, is_due, read_rest, rest_state

DELTA, FULL = "delta", "full"
TOLD = "told"  # the note of what the old cursor leads to, where everything was read all the same

_REFUSALS = (RefusedError, PermissionMissingError, NotFoundError)


class _WorthlessError(Exception):
    """The round can't be relied upon, so everything is read; the text says why."""


async def sync_tracked(context: RunContext, stream: Stream, state: SourceState) -> Verdict:
    """Bring the source to its verdict, from wherever its checkpoint stands."""
    if not state.checkpoint.mode:
        await _decide(context, stream, state)
    if state.checkpoint.mode == DELTA:
        try:
            return await _changes(context, stream, state)
        except _WorthlessError as reason:
            await _turn_to_all(context, stream, state, str(reason))
    return await _everything(context, stream, state)


async def _decide(context: RunContext, stream: Stream, state: SourceState) -> None:
    checkpoint = state.checkpoint
    cursor = await context.commit(lambda connection: get_cursor(connection, context.connector.id, stream.name))
    checkpoint.fingerprint = _fingerprint(context, stream)
    checkpoint.began_at = now()
    if checkpoint.started:  # by a version that knew no delta: a link taken now would be younger than its first pages
        checkpoint.mode, checkpoint.asked_link, checkpoint.alone = FULL, True, True
    elif cursor is None or cursor.link is None:
        checkpoint.mode = FULL
    else:
        checkpoint.why, followable = _why_all(context, cursor, checkpoint.fingerprint)
        checkpoint.mode = FULL if checkpoint.why else DELTA
        if checkpoint.mode == DELTA:
            checkpoint.origin = checkpoint.next_link = cursor.link
        elif followable:
            checkpoint.audit = cursor.link
    await _save(context, stream, state)


async def _save(context: RunContext, stream: Stream, state: SourceState) -> None:
    def change(connection: Connection) -> None:
        settle(connection, context.run_id, stream.name, mode=state.checkpoint.mode)
        state.save(connection, context.run_id)

    await context.commit(change)


def _why_all(context: RunContext, cursor: Cursor, fingerprint: str) -> tuple[str | None, bool]:
    """Why the cursor is not enough, or null; and whether it can still be followed to see what it would have told."""
    cadence = context.cadence
    try:
        check_link(context.cloud.graph_url, str(cursor.link))
    except UntrustworthyAnswerError:
        return "the delta link that was kept leads to another host", False
    if cursor.fingerprint != fingerprint:
        return "what is asked for, or who asks, is not what it was when the delta token was taken", False
    if cadence.full:
        return "a full pass was asked for", True
    if datetime.fromisoformat(cursor.full_at) + timedelta(days=cadence.full_every_days) <= datetime.now(UTC):
        return f"a full pass is due every {cadence.full_every_days:g} days", True
    return None, True


def _fingerprint(context: RunContext, stream: Stream) -> str:
    """Of all that voids a token: the properties it tracks, what is made of them, and whose eyes it was given to."""
    connector = context.connector
    parts = (
        delta_of(stream).path,
        *delta_select(stream),
        *(column.name for dataset in stream.datasets for column in dataset.columns),
        context.cloud.graph_url,
        connector.tenant,
        connector.permissions,
        connector.granted_by or "",
        *sorted(context.roles),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:32]


async def _changes(context: RunContext, stream: Stream, state: SourceState) -> Verdict:
    """Follow the cursor; _WorthlessError where only a full pass helps."""
    if not state.checkpoint.started and state.checkpoint.counted is None:
        state.checkpoint.counted = await count(context, stream, state)
    await _follow(context, stream, state)
    if delta_of(stream).rest is not None:
        return await _with_rest(context, stream, state)
    after = await _size_after(context, stream)
    counted = state.checkpoint.counted
    _move_cursor(stream, state)
    if counted is None or after == counted:
        return Verdict(Outcome.COMPLETE, check=_told(state, counted, after))
    later = await count(context, stream, state)
    if later is None or not min(counted, later) <= after <= max(counted, later):
        raise _WorthlessError(f"by delta there were {after} {stream.name} where Graph counts {later or counted}")
    return Verdict(Outcome.COMPLETE, check=_told(state, counted, after))


async def _follow(context: RunContext, stream: Stream, state: SourceState) -> None:
    while not state.checkpoint.finished:
        try:
            await follow(context, stream, state)
        except ExpiredLinkError as error:
            if not state.checkpoint.started:
                raise _WorthlessError(f"the delta token had expired ({error.message})") from error
            if state.checkpoint.again:
                raise _WorthlessError(f"the round could not be followed to its end ({error.message})") from error
            await restart(context, state, error, link=state.checkpoint.origin)
        except _REFUSALS as error:
            if state.checkpoint.started:
                raise
            raise _WorthlessError(f"Graph would not follow the delta token ({error.message})") from error


async def _with_rest(context: RunContext, stream: Stream, state: SourceState) -> Verdict:
    """Read what delta does not track, and hold the round against whoever that pass names."""
    rest = delta_of(stream).rest
    assert rest is not None  # noqa: S101 - asked by the caller
    line = await rest_state(context, rest)
    after, counted = await _size_after(context, stream), state.checkpoint.counted
    everybody = counted is None or counted != after or await is_due(context, rest)
    passed = await read_rest(context, stream, line, everybody=everybody)
    proved = line.checkpoint.mode == FULL and line.checkpoint.finished
    if proved and await differing(context, stream):
        await _once_more(context, stream, state)
        if differ := await differing(context, stream):
            raise _WorthlessError(f"delta and a listing do not agree on {differ} {stream.name}")
        after = await _size_after(context, stream)
    await context.commit(lambda connection: _settle_line(connection, context, line, passed))
    _move_cursor(stream, state)
    check = _told(state, counted, after) + ("; a listing named the same ones" if proved else "")
    if passed.outcome is not Outcome.COMPLETE:  # whoever asks about users asks about what they hold, too
        return Verdict(Outcome.INCOMPLETE, f"{rest.name}: {passed.reason}", passed.remedy, check)
    return Verdict(Outcome.COMPLETE, check=check)


async def _once_more(context: RunContext, stream: Stream, state: SourceState) -> None:
    """People come and go while a pass goes on: what changed since is no contradiction."""
    checkpoint = state.checkpoint
    if not checkpoint.again:
        checkpoint.again, checkpoint.finished, checkpoint.next_link = True, False, checkpoint.delta_link
    await _follow(context, stream, state)


def _settle_line(connection: Connection, context: RunContext, line: SourceState, verdict: Verdict) -> None:
    settle(
        connection,
        context.run_id,
        line.source.name,
        outcome=verdict.outcome.value,
        reason=verdict.reason,
        remedy=verdict.remedy,
        check=verdict.check,
    )
    line.save(connection, context.run_id)


def _told(state: SourceState, counted: int | None, after: int) -> str:
    """What the round came to, beside Graph's own figure."""
    known = f"$count {counted}" if counted is not None else "Graph gave no count"
    return f"{known}, known {after} after {state.checkpoint.items} changes told by delta"


def _move_cursor(stream: Stream, state: SourceState) -> None:
    """Let the link become the cursor when this is merged; where links ride along, when those are merged, the last."""
    if delta_of(stream).links is None or state.checkpoint.alone:
        state.checkpoint.cursor = stream.name


async def _size_after(context: RunContext, stream: Stream) -> int:
    query = f"SELECT count(*) FROM ({present_after(stream.datasets[0])}) AS a"
    values = {"connector": context.connector.id}
    return await context.commit(lambda connection: int(connection.execute(text(query), values).scalar_one()))


async def _turn_to_all(context: RunContext, stream: Stream, state: SourceState, why: str) -> None:
    """Throw the round away. Its cursor can still say what it would have told, if it is not dead."""
    audit = state.checkpoint.origin if state.checkpoint.started else None
    state.checkpoint = msgspec.structs.replace(
        state.checkpoint, mode=FULL, why=why, audit=audit, origin=None, delta_link=None, again=False, cursor=None
    )
    rest = delta_of(stream).rest
    if rest is not None:
        await forget_rest(context, await rest_state(context, rest))
    await context.commit(lambda connection: _forget_notes(connection, context, stream))
    await begin_anew(context, state, link=None)
    await _save(context, stream, state)


def _forget_notes(connection: Connection, context: RunContext, stream: Stream) -> None:
    for note in (NAMED, "again", TOLD):
        clear_marks(connection, context.connector.id, note_name(stream, note))


async def _everything(context: RunContext, stream: Stream, state: SourceState) -> Verdict:
    """Read all of it, with a cursor for the next time where Graph gives one."""
    if delta_of(stream).latest:
        await _ask_latest(context, stream, state)
        await read_listing(context, stream, state)
    else:
        await _first_round(context, stream, state)
    verdict = await judge_listing(context, stream, state)
    checkpoint = state.checkpoint
    if verdict.outcome is Outcome.COMPLETE:
        _move_cursor(stream, state)
        await _audit(context, stream, state)
    if checkpoint.why:
        return replace(verdict, check=f"{verdict.check}; everything was read: {checkpoint.why}")
    return verdict


async def _ask_latest(context: RunContext, stream: Stream, state: SourceState) -> None:
    """The token comes before the listing: what changes while it goes on is told next time, and twice does no harm."""
    checkpoint = state.checkpoint
    if checkpoint.asked_link:
        return
    try:
        page = await asking(context, stream, state)(delta_url(context, stream, latest=True))
        checkpoint.delta_link = page.delta_link
    except StocktakeError as error:
        checkpoint.why = _and(checkpoint.why, f"Graph gave no delta token ({error.message})")
    checkpoint.asked_link = True
    await context.commit(lambda connection: state.save(connection, context.run_id))


async def _first_round(context: RunContext, stream: Stream, state: SourceState) -> None:
    """The round that shows everything; where Graph refuses it, the plain listing."""
    if not state.checkpoint.started:
        state.checkpoint.counted = await count(context, stream, state)
    while not state.checkpoint.finished:
        if state.checkpoint.alone:
            await read_listing(context, stream, state)
            return
        try:
            await follow(context, stream, state)
        except (ExpiredLinkError, *_REFUSALS) as error:
            if not state.checkpoint.started:
                state.checkpoint.alone = True
                state.checkpoint.why = _and(state.checkpoint.why, f"Graph refused the delta ({error.message})")
                await context.commit(lambda connection: state.save(connection, context.run_id))
            elif isinstance(error, ExpiredLinkError):
                await restart(context, state, error, link=None)
            else:
                raise


async def _audit(context: RunContext, stream: Stream, state: SourceState) -> None:
    """Follow the old cursor for its ids alone, so that the merge can count what delta would not have told."""
    checkpoint = state.checkpoint
    ask, trail = asking(context, stream, state), LinkTrail()
    while checkpoint.audit is not None:
        try:
            page = await ask(trail.follow(checkpoint.audit))
            ids = ids_of(stream, page.items)
        except StocktakeError as error:
            checkpoint.audit, checkpoint.audited = None, False
            checkpoint.why = _and(checkpoint.why, f"what delta missed could not be told ({error.message})")
            return
        checkpoint.audit = page.next_link
        checkpoint.audited = page.next_link is None

        def change(connection: Connection, ids: list[str] = ids) -> None:
            mark(connection, context.connector.id, note_name(stream, TOLD), ids)
            state.save(connection, context.run_id)

        await context.commit(change)


def _and(first: str | None, second: str) -> str:
    return f"{first}; {second}" if first else second
