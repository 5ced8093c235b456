"""Following a delta round, page after page, into staging (graph-facts 8).

Graph shows a changed object with all selected properties, leaves out those that were never set, and says `null` where
one was emptied. It repeats itself, in no order, and a large group goes on over several pages: so what comes later wins,
and a property that is not there keeps the value that is known.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec
from sqlalchemy import Connection

from stocktake.catalog import Stream
from stocktake.catalog.declaration import Delta, Row
from stocktake.errors import UntrustworthyAnswerError
from stocktake.graph.link import LinkTrail, check_link
from stocktake.graph.pages import Page, page_decoder
from stocktake.store.bulk import object_keys, stage
from stocktake.store.marks import Pair, mark, replace
from stocktake.store.spans import copy_present
from stocktake.sync.context import RunContext, SourceState, filled_by, primary
from stocktake.sync.listing import Ask, report_progress, rows_of, walk

_RAW_PAGE = page_decoder(msgspec.Raw)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_REMOVED = "@removed"


_ID = msgspec.json.Decoder(str)
_NULL = msgspec.Raw(b"null")


def delta_of(stream: Stream) -> Delta:
    if stream.delta is None:
        raise ValueError(f"{stream.name} has no delta")
    return stream.delta


def delta_select(stream: Stream) -> tuple[str, ...]:
    """The properties that the delta is asked for: it tracks these and no others."""
    delta = delta_of(stream)
    links = (_links_property(delta.links),) if delta.links else ()
    return (*(name for name in stream.select if name not in delta.untracked), *links)


def delta_url(context: RunContext, stream: Stream, *, latest: bool = False) -> str:
    """Where a first round begins, or (`latest`) where a token from now on is handed out."""
    query = f"$select={quote(','.join(delta_select(stream)), safe=',')}"
    return context.client.url(f"{delta_of(stream).path}?{query}{'&$deltatoken=latest' if latest else ''}")


def asking(context: RunContext, stream: Stream, state: SourceState) -> Ask:
    """A function that gets a page of a round with its objects undecoded; a page of no round is refused."""

    async def ask(url: str) -> Page[Any]:
        page = await context.client.get_page(url, _RAW_PAGE, state.meter, workload=stream.workload.value)
        if (page.next_link is None) == (page.delta_link is None):
            raise UntrustworthyAnswerError(f"{delta_of(stream).path}: a page names no link, or two, to go on with")
        if page.delta_link is not None:
            check_link(context.cloud.graph_url, page.delta_link)
        return page

    return ask


async def follow(context: RunContext, stream: Stream, state: SourceState) -> None:
    """Bring the round to its deltaLink, from wherever its checkpoint stands; without a link it is a first round."""
    checkpoint = state.checkpoint
    reader = RoundReader(stream, first=checkpoint.origin is None, note="again" if checkpoint.again else None)
    ask = asking(context, stream, state)
    trail = LinkTrail()
    page = await ask(trail.follow(checkpoint.next_link or delta_url(context, stream)))

    async def store(page: Page[Any]) -> None:
        parts = list(reader.parts(page.items))
        checkpoint.started = True
        checkpoint.items += len(page.items)
        checkpoint.next_link = page.next_link
        checkpoint.delta_link = page.delta_link
        checkpoint.finished = page.delta_link is not None
        state.counters.pages += 1
        state.counters.rows += len(page.items)

        def change(connection: Connection) -> None:
            for part in parts:
                reader.apply(connection, context.connector.id, part)
            state.save(connection, context.run_id)

        await context.commit(change)
        report_progress(context, state)

    await walk(page, ask, trail, store)


@dataclass
class Part:
    """Objects that come one after the other, none of them twice: their order does not matter."""

    ids: set[str] = field(default_factory=set)
    removed: list[str] = field(default_factory=list)
    rows: dict[frozenset[str], list[Row]] = field(default_factory=dict)  # by the columns that they don't tell
    links: list[Row] = field(default_factory=list)
    unlinked: list[Pair] = field(default_factory=list)


class RoundReader:
    """Turns the objects of a round into rows and marks.

    `first`: the round shows everything, so a property that is not there has no value. `note`: the name under which the
    objects of the round are marked besides.
    """

    def __init__(self, stream: Stream, *, first: bool, note: str | None) -> None:
        self._stream = stream
        self._first = first
        self._note = note_name(stream, note) if note else None
        self._dataset = stream.datasets[0]
        self._item = msgspec.json.Decoder(stream.item)
        self._links = delta_of(stream).links
        self._members = msgspec.json.Decoder(list[self._links.item] if self._links else list[Any])  # type: ignore[name-defined]
        self._wanted = frozenset(delta_select(stream))
        self._behind = properties_behind(stream)

    def parts(self, items: Iterable[msgspec.Raw]) -> Iterator[Part]:
        part = Part()
        for raw in items:
            shown = self._decoded(_KEYS, raw)
            object_id = self._decoded(_ID, shown.get("id", _NULL))
            if object_id.lower() in part.ids:
                yield part
                part = Part()
            part.ids.add(object_id.lower())
            if _REMOVED in shown:
                part.removed.append(object_id)
                continue
            absent = self._absent(shown.keys())
            row = rows_of(self._stream, [self._decoded(self._item, raw)], self._dataset.row_maker)
            part.rows.setdefault(absent, []).extend(row)
            if self._links is not None:
                self._sort(part, object_id, shown.get(f"{_links_property(self._links)}@delta"))
        yield part

    def apply(self, connection: Connection, connector_id: int, part: Part) -> None:
        for dataset in filled_by(self._stream):
            replace(connection, dataset, connector_id, [(object_id, None) for object_id in part.removed])
        for absent, rows in part.rows.items():
            if absent and not self._first:
                known = object_keys(connection, connector_id, [str(row[0]) for row in rows])
                copy_present(connection, self._dataset, connector_id, list(known.values()))
            stage(connection, self._dataset, connector_id, rows, kept=absent)
        if self._links is not None:
            replace(connection, primary(self._links), connector_id, part.unlinked)
            stage(connection, primary(self._links), connector_id, part.links)
        if self._note:
            mark(connection, connector_id, self._note, part.ids)

    def _absent(self, shown: Iterable[str]) -> frozenset[str]:
        missing = self._wanted.difference(shown)
        return frozenset(column for column, behind in self._behind if missing.issuperset(behind)) if missing else _NONE

    def _sort(self, part: Part, object_id: str, raw: msgspec.Raw | None) -> None:
        """The links of one object; a link that is named twice is as it was named last."""
        assert self._links is not None  # noqa: S101 - asked by the caller
        ends: dict[str, Any] = {link.id.lower(): link for link in self._decoded(self._members, raw)} if raw else {}
        part.unlinked.extend((object_id, link.id) for link in ends.values() if link.removed is not None)
        kept = [(object_id, link) for link in ends.values() if link.removed is None]
        part.links.extend(rows_of(self._links, kept, primary(self._links).row_maker))

    def _decoded(self, decoder: "msgspec.json.Decoder[Any]", raw: msgspec.Raw) -> Any:  # noqa: ANN401 - the decoder's type
        try:
            return decoder.decode(raw)
        except msgspec.DecodeError as problem:
            path = delta_of(self._stream).path
            raise UntrustworthyAnswerError(f"{path}: an object has a wrong shape: {problem}") from None


_NONE: frozenset[str] = frozenset()


def ids_of(stream: Stream, items: Iterable[msgspec.Raw]) -> list[str]:
    """The ids of a page's objects, removed ones among them."""
    try:
        return [_ID.decode(_KEYS.decode(raw).get("id", _NULL)) for raw in items]
    except msgspec.DecodeError as problem:
        raise UntrustworthyAnswerError(f"{delta_of(stream).path}: an object has a wrong shape: {problem}") from None


def properties_behind(stream: Stream) -> tuple[tuple[str, frozenset[str]], ...]:
    """For each column of the stream's own dataset the selected Graph properties that it is made of."""
    made_of = delta_of(stream).made_of
    found = []
    for column in stream.datasets[0].columns:
        names = column.path[:1] or made_of.get(column.name, (_camel(column.name),))
        found.append((column.name, frozenset(names)))
    return tuple(found)


def note_name(stream: Stream, note: str) -> str:
    """The name of the marks that a stream's reader sets for itself."""
    return f"{note}:{stream.name}"


def _links_property(links: Stream) -> str:
    return links.path.rpartition("/")[2]


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
