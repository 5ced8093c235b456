"""A grid: a view as a table that is searched, filtered, sorted and paged by its address alone.

The same address gives the same rows as a page, as an export and, with `/api/v1` before it, as JSON.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from sqlalchemy import Connection
from starlette.datastructures import QueryParams

from stocktake.catalog.columns import Column, Kind
from stocktake.errors import UsageError
from stocktake.store.connectors import Connector, get_connector, list_connectors
from stocktake.store.engine import Store
from stocktake.store.grids import Picked, Scope, Selection, count_rows, names_in, read_rows, scopes_of, unordered
from stocktake.store.reading import NameOf, View, completeness, instant_of
from stocktake.web.console import Console

SIZES = (50, 100, 200)
_LATEST_PAGE = 1_000_000
_CHUNK = 400  # rows that are completed at one time in an export

Row = dict[str, object]
Sql = str | Callable[[bool], str]  # as it is, or by whether the database is SQLite
Fill = Callable[[Connection, Sequence[Scope], Sequence[Row], Mapping[str, str]], None]
Options = Sequence[tuple[str, str]]  # (value, label)


@dataclass(frozen=True, slots=True)
class GridColumn:
    """`sql` is over the view's aliases; with `fill` the values are looked up for the rows of a page instead, and the
    column can't be sorted by. `link` makes the address that a cell leads to."""

    name: str
    label: str
    kind: Kind
    sql: Sql
    meaning: str = ""
    shown: bool = False
    absent: str = "none"  # what a dash means here
    link: Callable[[Row], str] | None = None
    fill: Fill | None = None
    needs: tuple[str, ...] = ()  # columns that `link`, `fill` or `known_by` read
    known_by: str = ""  # a column that is false where this one's value is unknown, rather than none

    @property
    def numeric(self) -> bool:
        return self.kind is Kind.INTEGER


@dataclass(frozen=True, slots=True)
class Filter:
    """A choice beside the search. `conditions` gives SQL by value; "" there stands for any other value, which the SQL
    sees as `:{name}`, converted by `kind`. Without options it is typed, a day for instance."""

    name: str
    label: str
    conditions: Mapping[str, Sql]
    options: Options | Callable[[Mapping[str, str]], Options] = ()  # a function: of product names by SKU id
    any: str = "any"
    kind: Kind = Kind.TEXT


@dataclass(frozen=True, slots=True)
class Grid:
    name: str  # what exports are called
    view: View
    columns: tuple[GridColumn, ...]
    key: tuple[str, ...]  # columns that tell rows of a connector apart
    searched: tuple[Sql, ...]
    filters: tuple[Filter, ...] = ()
    sort: str = ""  # "-" before the name: descending
    conditions: tuple[str, ...] = ()  # always
    values: Mapping[str, object] = field(default_factory=dict)
    judged_by: str = ""  # the view whose completeness stands beside the rows, where it is not the grid's own
    sources: tuple[str, ...] = ()  # whose completeness alone counts, where the grid is a part of its view

    def column(self, name: str) -> GridColumn:
        """UsageError for an unknown name."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UsageError(f"there is no column {name[:60]!r} here", "choose one of those that the page offers")


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for."""

    connector: str = ""
    search: str = ""
    sort: str = ""
    page: int = 1
    size: int = SIZES[0]
    as_of: str = ""
    columns: tuple[str, ...] = ()
    chosen: Mapping[str, str] = field(default_factory=dict)  # value by filter


@dataclass(frozen=True, slots=True)
class Said:
    """How whole a connector's data are: `state` is complete, partial, incomplete or never."""

    connector: str
    state: str
    line: str
    view: str


@dataclass(frozen=True, slots=True)
class Answer:
    grid: Grid
    asked: Asked
    columns: tuple[GridColumn, ...]  # those to show, in their order
    rows: list[Row]
    total: int
    connectors: list[Connector]  # all that there are
    completeness: list[Said]
    names: Mapping[str, str]  # of products, by SKU id

    @property
    def pages(self) -> int:
        return max(1, -(-self.total // self.asked.size))

    @property
    def first(self) -> int:
        return (self.asked.page - 1) * self.asked.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        return self.first + len(self.rows) - 1 if self.rows else 0

    def options(self, found: Filter) -> Options:
        return found.options(self.names) if callable(found.options) else found.options


def parse(grid: Grid, query: QueryParams, *, longest: int = SIZES[-1]) -> Asked:
    """What the address asks of this grid. UsageError for a column, size, page or day that there is not."""
    sort = query.get("sort", "") or grid.sort
    if grid.column(sort.removeprefix("-")).fill is not None:
        raise UsageError(f"{sort.removeprefix('-')} can't be sorted by", "sort by another column")
    columns = tuple(dict.fromkeys(query.getlist("column")))
    for name in columns:
        grid.column(name)
    as_of = query.get("as_of", "").strip()
    instant_of(as_of or None)
    return Asked(
        connector=query.get("connector", ""),
        search=query.get("q", "").strip()[:200],
        sort=sort,
        page=_number(query.get("page", ""), 1, _LATEST_PAGE, "page"),
        size=_number(query.get("size", ""), SIZES[0], longest, "page size"),
        as_of=as_of,
        columns=columns,
        chosen={found.name: query.get(found.name, "") for found in grid.filters if query.get(found.name, "")},
    )


def _number(text: str, default: int, most: int, what: str) -> int:
    if not text:
        return default
    if not text.isdecimal() or not 1 <= int(text[:9]) <= most:
        raise UsageError(f"{text[:20]!r} is no {what}", f"use a whole number from 1 to {most}")
    return int(text)


def answer(console: Console, grid: Grid, asked: Asked) -> Answer:
    """The rows of a page, and what stands beside them. A page beyond the last one shows the last one."""
    app = console.app
    every, chosen = chosen_connectors(app.store, asked.connector)
    with app.store.read() as connection:
        scopes = scopes_of(connection, chosen, asked.as_of or None)
        names = names_in(connection, scopes, app.name_of(connection))
        columns = _shown(grid, asked)
        selection = _selection(connection, grid, asked, columns, names)
        total = count_rows(connection, selection, scopes)
        asked = replace(asked, page=min(asked.page, max(1, -(-total // asked.size))))
        rows = list(read_rows(connection, selection, scopes, offset=(asked.page - 1) * asked.size, limit=asked.size))
        _fill(connection, columns, scopes, rows, names)
        judged = grid.judged_by or grid.view.name
        said = said_of(connection, judged, chosen, asked.as_of or None, grid.sources)
    return Answer(grid, asked, columns, rows, total, every, said, names)


def export_rows_of(
    connection: Connection, grid: Grid, asked: Asked, connectors: Sequence[Connector], name_of: NameOf
) -> tuple[Iterable[Row], tuple[Column, ...]]:
    """Every row that the address finds, page after page of it, in the columns that it shows."""
    scopes = scopes_of(connection, connectors, asked.as_of or None)
    names = names_in(connection, scopes, name_of)
    columns = _shown(grid, asked)
    selection = _selection(connection, grid, asked, columns, names)

    def rows() -> Iterator[Row]:
        source = read_rows(connection, selection, scopes)
        while chunk := list(islice(source, _CHUNK)):
            _fill(connection, columns, scopes, chunk, names)
            yield from chunk

    typed = (Column(column.name, column.kind, column.meaning) for column in columns)
    return rows(), (Column("connector", Kind.TEXT, ""), *typed)


def chosen_connectors(store: Store, name: str) -> tuple[list[Connector], list[Connector]]:
    """(all, the one of that name or all); UsageError for an unknown name."""
    every = list_connectors(store)
    return every, [get_connector(store, name)] if name else every


def said_of(
    connection: Connection, view: str, connectors: list[Connector], as_of: str | None, sources: tuple[str, ...] = ()
) -> list[Said]:
    """The completeness line of each connector."""
    found = []
    lines = completeness(connection, view, connectors, as_of, sources)
    for connector, line in zip(connectors, lines, strict=True):
        rest = line.removeprefix(f"{connector.name}: ")
        found.append(Said(connector.name, rest.split()[0], rest, view))
    return found


def _shown(grid: Grid, asked: Asked) -> tuple[GridColumn, ...]:
    if asked.columns:
        return tuple(column for column in grid.columns if column.name in asked.columns)
    return tuple(column for column in grid.columns if column.shown)


def _selection(
    connection: Connection, grid: Grid, asked: Asked, columns: Sequence[GridColumn], names: Mapping[str, str]
) -> Selection:
    sqlite = connection.dialect.name == "sqlite"
    sort = asked.sort.removeprefix("-")
    needed = {name for column in columns for name in column.needs}
    wanted = {column.name for column in columns} | needed | {sort, *grid.key}
    picked = tuple(
        Picked(column.name, _sql(column.sql, sqlite), column.kind)
        for column in grid.columns
        if column.name in wanted and column.fill is None
    )
    conditions, values = list(grid.conditions), dict(grid.values)
    for found in grid.filters:
        if value := asked.chosen.get(found.name):
            condition = _sql(found.conditions.get(value, found.conditions.get("", "")), sqlite)
            if not condition:
                raise UsageError(f"{value[:60]!r} is no choice of {found.label}", "choose one that the page offers")
            conditions.append(condition)
            if f":{found.name}" in condition:
                values[found.name] = _typed(found, value)
    searched = tuple(_sql(expression, sqlite) for expression in grid.searched)
    used = (*(column.sql for column in picked), *(searched if asked.search else ()))
    if any(":names" in sql for sql in used):
        values["names"] = json.dumps(names)
    order = [(sort, asked.sort.startswith("-")), ("connector", False), *((name, False) for name in grid.key)]
    return Selection(
        rows=unordered(grid.view),
        columns=picked,
        conditions=tuple(conditions),
        values=values,
        search=asked.search,
        searched=searched,
        order=tuple(order),
    )


def _typed(found: Filter, value: str) -> object:
    match found.kind:
        case Kind.DAY:
            instant_of(value)
        case Kind.INTEGER:
            if not re.fullmatch(r"-?[0-9]{1,15}", value):
                raise UsageError(f"{value[:60]!r} is no whole number", f"write {found.name} in digits")
            return int(value)
        case Kind.BOOLEAN:
            if value not in ("true", "false"):
                raise UsageError(f"{value[:60]!r} is neither true nor false", f"write {found.name}=true or =false")
            return value == "true"
    return value


def _fill(
    connection: Connection,
    columns: Sequence[GridColumn],
    scopes: Sequence[Scope],
    rows: Sequence[Row],
    names: Mapping[str, str],
) -> None:
    for column in columns:
        if column.fill is not None and rows:
            for row in rows:
                row[column.name] = None
            column.fill(connection, scopes, rows, names)


def _sql(expression: Sql, sqlite: bool) -> str:
    return expression if isinstance(expression, str) else expression(sqlite)
