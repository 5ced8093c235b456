"""What the resources of the datasets do alike: rows in the shape of `stocktake export`, searched, sorted and paged."""

from collections.abc import Callable

from fastapi import Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import QueryParams

from stocktake.catalog.columns import Kind
from stocktake.errors import UsageError
from stocktake.store.reading import view
from stocktake.web.columns import columns_for
from stocktake.web.console import console_of
from stocktake.web.grid import Filter, Grid, GridColumn, answer, parse

LARGEST_PAGE = 1000
_COMPARED = {Kind.TEXT, Kind.INTEGER, Kind.BOOLEAN, Kind.INSTANT, Kind.DAY, Kind.OBJECT}
_PARAMETERS = {"connector", "q", "sort", "page", "size", "as_of", "column"}


def grid_of(dataset: str, key: tuple[str, ...], searched: tuple[str, ...]) -> Grid:
    """A dataset with every column, `searched` and `key` among them; each plain column can be asked for by its value."""
    found = view(dataset)
    columns = columns_for(found, found.columns)
    equal = tuple(_equal(column) for column in columns if column.kind in _COMPARED)
    texts = tuple(column.sql for column in columns if column.name in searched)
    return Grid(dataset, found, columns, key, texts, equal, key[0])


def _equal(column: GridColumn) -> Filter:
    def sql(sqlite: bool) -> str:
        expression = column.sql if isinstance(column.sql, str) else column.sql(sqlite)
        return f"{expression} = :{column.name}"

    kind = column.kind if column.kind in (Kind.INTEGER, Kind.BOOLEAN) else Kind.TEXT
    return Filter(column.name, column.label, {"": sql}, kind=kind)


def dataset_handler(grid: Grid) -> Callable[[Request], Response]:
    """A handler that answers `{"rows", "total", "page", "pages", "size", "completeness"}`."""

    def show(request: Request) -> Response:
        _refuse_unknown(grid, request.query_params)
        found = answer(console_of(request), grid, parse(grid, request.query_params, longest=LARGEST_PAGE))
        names = ("connector", *(column.name for column in found.columns))
        return JSONResponse(
            {
                "rows": [{name: row[name] for name in names} for row in found.rows],
                "total": found.total,
                "page": found.asked.page,
                "pages": found.pages,
                "size": found.asked.size,
                "completeness": [
                    {"connector": said.connector, "state": said.state, "line": said.line} for said in found.completeness
                ],
            }
        )

    return show


def _refuse_unknown(grid: Grid, query: QueryParams) -> None:
    """A filter that is misspelt would answer with everything: a program must hear of it."""
    known = _PARAMETERS | {found.name for found in grid.filters}
    if unknown := sorted(set(query) - known):
        raise UsageError(f"there is no parameter {unknown[0][:60]!r} here", "use " + ", ".join(sorted(known)))
