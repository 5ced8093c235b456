"""A downloaded report as a table of text, whether it came as CSV or as JSON (graph-facts 2.1, 2.4).

CSV is read line by line. JSON gets the titles of the declared columns, so that both are read by one set of rules.
"""

import csv
import io
import re
from collections.abc import Iterator
from functools import cached_property

import msgspec

from stocktake.catalog.declaration import Report
from stocktake.errors import UntrustworthyAnswerError

Lines = Iterator[tuple[int, list[str]]]  # (number of the line or item, its cells)

_BOM = b"\xef\xbb\xbf"


class _Page(msgspec.Struct, gc=False):
    value: list[dict[str, object]]
    next_link: str | None = msgspec.field(default=None, name="@odata.nextLink")


class ReportTable:
    """`titles` are trimmed; `lines()` begins at the first one each time it is called.

    UntrustworthyAnswerError at once for what is no table, and at the line that can't be read.
    """

    def __init__(self, report: Report, body: bytes) -> None:
        self.report = report
        self._body = body
        self._page = _page(report, body) if body.removeprefix(_BOM).lstrip()[:1] == b"{" else None

    @property
    def next_link(self) -> str | None:
        """Where a JSON form goes on."""
        return None if self._page is None else self._page.next_link

    @cached_property
    def titles(self) -> tuple[str, ...]:
        if self._page is not None:
            return _titles(self.report, self._page.value)
        header = next(self._csv(), (0, []))[1]
        if not any(title.strip() for title in header):
            raise UntrustworthyAnswerError(f"{self.report.function} came back without a header row")
        return tuple(title.strip() for title in header)

    def lines(self) -> Lines:
        width = len(self.titles)
        if self._page is not None:
            yield from self._items(self._page)
            return
        lines = self._csv()
        next(lines)
        for number, cells in lines:
            if len(cells) != width:
                raise UntrustworthyAnswerError(
                    f"{self.report.function} line {number} has {len(cells)} cells where the header has {width}"
                )
            yield number, cells

    def _csv(self) -> Lines:
        """The header first; lines that hold nothing are left out."""
        function = self.report.function
        reader = csv.reader(io.TextIOWrapper(io.BytesIO(self._body), "utf-8-sig", newline=""), strict=True)
        try:
            for cells in reader:
                if cells:
                    yield reader.line_num, cells
        except csv.Error as error:
            raise UntrustworthyAnswerError(f"{function} is not readable as CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise UntrustworthyAnswerError(f"{function} is not UTF-8 at byte {error.start}") from error

    def _items(self, page: _Page) -> Lines:
        at = {_squashed(title): place for place, title in enumerate(self.titles)}
        for number, item in enumerate(page.value, start=1):
            cells = [""] * len(self.titles)
            for name, value in _flat(item):
                cells[at[_squashed(name)]] = _cell(value)
            yield number, cells


def _page(report: Report, body: bytes) -> _Page:
    try:
        return msgspec.json.decode(body.removeprefix(_BOM), type=_Page)
    except msgspec.DecodeError as error:
        raise UntrustworthyAnswerError(
            f"{report.function} is JSON of another shape than a report's: {error}"
        ) from error


def _titles(report: Report, items: list[dict[str, object]]) -> tuple[str, ...]:
    """The declared titles of the properties that some item has, then names that nobody declared; all declared ones for
    an answer without items, which leaves nothing out."""
    declared = {_squashed(column.name): column.name for column in report.columns}
    if not items:
        return tuple(declared.values())
    found = dict.fromkeys(_squashed(name) for item in items for name, _ in _flat(item))
    named = {_squashed(name): name for item in items for name, _ in _flat(item)}
    known = [title for key, title in declared.items() if key in found]
    return (*known, *(named[key] for key in found if key not in declared))


def _flat(item: dict[str, object]) -> Iterator[tuple[str, object]]:
    """Properties, and those of the one element of a list of details by period."""
    for name, value in item.items():
        if name.startswith("@"):
            continue
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield from _flat(value[0])
        else:
            yield name, value


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return "+".join(str(part) for part in value)
    return str(value)


def _squashed(name: str) -> str:
    """What a title and the name of the JSON's property have in common."""
    return re.sub("[^0-9a-z]", "", name.lower())
