"""Listings in pages: /users, /groups, members, deleted items.

A page that nobody filters or sorts is packed once and served again until the tenant changes (caches.Page).
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Generic, Protocol, TypeVar

import msgspec

from m365sim.graph.caches import Page, memory_of
from m365sim.graph.errors import unsupported_query
from m365sim.graph.filters import filter_of
from m365sim.graph.odata import Options
from m365sim.graph.ordering import Key, Order, Value, order_of, search_of, unsorted_query
from m365sim.graph.packing import Packed, Sealed, pack
from m365sim.graph.page_tokens import after_of, page_link, question_of
from m365sim.graph.request import Answer, GraphRequest
from m365sim.graph.schema import Entity
from m365sim.tenant import Tenant

T = TypeVar("T")
T_contra = TypeVar("T_contra", contravariant=True)

_encode = msgspec.json.Encoder().encode


class Projection(Protocol[T_contra]):
    """How a row is printed."""

    @property
    def context(self) -> str: ...
    @property
    def key(self) -> tuple[str, ...]: ...
    def row(self, tenant: Tenant, item: T_contra) -> dict[str, object]: ...


@dataclass(slots=True, frozen=True)
class Source(Generic[T]):
    """`rows` are sorted by `key`; `name` is set where whole pages may be kept."""

    entity: Entity[T]
    context: str
    rows: Sequence[T]
    key: Callable[[T], Key]
    name: str | None = None
    always_advanced: bool = False  # filters, sorting and search of members (group-list-members.md)


@dataclass(slots=True, frozen=True)
class Question(Generic[T]):
    """What is asked of a source beside the plain listing."""

    test: Callable[[T], bool] | None
    order: Order[T] | None

    @property
    def plain(self) -> bool:
        return self.test is None and self.order is None


def answer_listing(
    request: GraphRequest, source: Source[T], projection: Projection[T], options: Options, size: int
) -> Answer:
    """The page that the request asks for, with its nextLink."""
    mark = question_of(request, options.get("$filter"), options.get("$orderby"), options.get("$search"))
    question = question_for(request, source, options)
    token = options.get("$skiptoken")
    after = None if token is None else after_of(request, token, mark)
    counted = options.counted and request.eventual and token is None
    if question.plain and source.name is not None:
        page = _kept_page(request, source, projection, (size, counted, None if after is None else (after[0], after[1])))
        packed = page.packed
        last: list[Value] | None = None if page.last is None else list(page.last)
    else:
        packed, last = _page(request, source, projection, question, (size, counted, after))
    if last is None:
        return Answer(body=Sealed(packed, b"}"))
    link = page_link(request, options.link, mark, last)
    return Answer(body=Sealed(packed, b',"@odata.nextLink":' + _encode(link) + b"}"))


def question_for(request: GraphRequest, source: Source[T], options: Options) -> Question[T]:
    """GraphError 400 for a filter, order or search that this listing does not do, or not without advanced query."""
    advanced = request.eventual and options.counted
    tests: list[Callable[[T], bool]] = []
    asked = [name for name in ("$filter", "$search", "$orderby") if options.get(name)]
    if source.always_advanced and asked and not advanced:
        raise needs_eventual(asked[0])
    if text := options.get("$filter"):
        tests.append(filter_of(text, source.entity, request.tenant, advanced=advanced))
    if text := options.get("$search"):
        if not request.eventual:
            raise unsupported_query(
                "Request with $search query parameter only works through MSGraph with a special request header: "
                "'ConsistencyLevel: eventual'"
            )
        tests.append(search_of(text, source.entity, request.tenant))
    order = None
    if text := options.get("$orderby"):
        if tests and not advanced:
            raise unsorted_query()
        order = Order(order_of(text, source.entity, advanced=advanced), request.tenant, source.key)
    return Question(None if not tests else lambda row: all(test(row) for test in tests), order)


def needs_eventual(what: str) -> Exception:
    return unsupported_query(
        f"Request with {what} query parameter only works through MSGraph with a special request header: "
        "'ConsistencyLevel: eventual'"
    )


def _kept_page(
    request: GraphRequest,
    source: Source[T],
    projection: Projection[T],
    place: tuple[int, bool, tuple[Value, Value] | None],
) -> Page:
    memory = memory_of(request.tenant)
    key = (source.name, source.context, projection.key, projection.context, *place)
    found = memory.page(key)
    if found is None:
        size, counted, after = place
        revision = request.tenant.revision
        packed, last = _page(
            request, source, projection, Question(None, None), (size, counted, None if after is None else list(after))
        )
        found = Page(revision, packed, None if last is None else (int(last[0] or 0), str(last[1])))
        memory.keep(key, found)
    return found


def _page(
    request: GraphRequest,
    source: Source[T],
    projection: Projection[T],
    question: Question[T],
    place: tuple[int, bool, list[Value] | None],
) -> tuple[Packed, list[Value] | None]:
    size, counted, after = place
    order = question.order
    rows = source.rows if order is None else order.sorted(source.rows)
    if after is None:
        start = 0
    elif order is None:
        start = bisect_right(rows, (int(after[0] or 0), str(after[1])), key=source.key)
    else:
        start = order.first_after(rows, after)
    test = question.test
    matching = (row for row in islice(rows, start, None) if test is None or test(row))
    chosen = list(islice(matching, size))
    more = next(matching, None) is not None
    tenant = request.tenant
    head = b'{"@odata.context":' + _encode(f"{request.root}/$metadata#{source.context}{projection.context}")
    if counted:
        total = len(rows) if test is None else sum(1 for row in rows if test(row))
        head += b',"@odata.count":' + str(total).encode()
    packed = pack(head + b',"value":' + _encode([projection.row(tenant, row) for row in chosen]))
    if not more:
        return packed, None
    return packed, list(source.key(chosen[-1])) if order is None else order.position(chosen[-1])


def count_rows(request: GraphRequest, source: Source[T], options: Options) -> int:
    """The number behind /$count."""
    test = question_for(request, source, options).test
    return len(source.rows) if test is None else sum(1 for row in source.rows if test(row))
