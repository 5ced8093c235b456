"""Reading one downloaded usage report.

Columns are found by name, trimmed and case-blind, in any order, with or without a byte order mark, because Microsoft
has changed them without notice (graph-facts 2.1). A column that nobody documented is kept as text; a documented one
that is missing is named.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from stocktake.catalog.columns import Day, Kind
from stocktake.catalog.declaration import Gathering, Report
from stocktake.catalog.report_table import ReportTable
from stocktake.catalog.usage import ReportFile, Usage
from stocktake.errors import UntrustworthyAnswerError

_CONCEALED = re.compile(r"[0-9A-F]{32}")  # graph-facts 2.2
_REFRESHED = "report refresh date"
_LAST_ACTIVITY = "last activity date"
# Products are joined by a bare "+"; one between blanks belongs to a name ("ENTERPRISE MOBILITY + SECURITY E3").
_JOINT = re.compile(r"(?<! )\+(?! )")
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}
_PART_BYTES = 16 * 1024 * 1024  # of a file whose lines are gathered in memory


def snake(name: str) -> str:
    """A column's name as a key of `metrics`: "Storage Used (Byte)" becomes storage_used_byte."""
    return re.sub(r"[^0-9a-z]+", "_", name.strip().lower()).strip("_")


class ReportReader:
    """A report file, read row by row; `file` says the file's own facts once all rows have been read.

    A JSON form may go on at `next_link`: `turn` to what stands there, and read its rows too. UntrustworthyAnswerError
    for anything but the report, at once or at the row with a cell that can't be read.
    """

    def __init__(self, report: Report, body: bytes, *, part_bytes: int = _PART_BYTES) -> None:
        self.report = report
        self._part_bytes = part_bytes
        self._refreshed = ""
        self._concealed = self._named = 0
        self._missing: dict[str, None] = {}
        self._unknown: set[str] = set()
        self.turn(body)

    def turn(self, body: bytes) -> None:
        """Take up the file's next page in place of this one."""
        self._parts = 1 + len(body) // self._part_bytes
        self._table = ReportTable(self.report, body)
        self._layout = _layout(self.report, self._table.titles)
        self._missing |= dict.fromkeys(self._layout.missing)
        self._unknown.update(self._layout.unknown)

    @property
    def next_link(self) -> str | None:
        return self._table.next_link

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Rows of the report's first dataset. Lines about one person are gathered a part of the people at a time."""
        gathering = self.report.gathering
        if gathering is None:
            for _, cells in self._table.lines():
                yield self._row(cells)
            return
        for part in range(self._parts):
            people: dict[str, list[list[str]]] = {}
            for _, cells in self._table.lines():
                name = cells[self._layout.names].strip().casefold()
                if zlib.crc32(name.encode()) % self._parts == part:
                    people.setdefault(name, []).append(cells)
            for lines in people.values():
                yield _gathered(gathering, [self._row(cells) for cells in lines])

    @property
    def file(self) -> ReportFile:
        return ReportFile(
            report=self.report.function,
            period=self.report.period or 0,
            refreshed_on=Day(self._refreshed) if self._refreshed else None,
            concealed=self._named > 0 and self._concealed == self._named,
            unknown_columns=tuple(sorted(self._unknown)),
            missing_columns=tuple(self._missing),
        )

    def _row(self, cells: list[str]) -> tuple[Any, ...]:
        report, layout = self.report, self._layout
        values = {cell.key: _value(report, cell, cells[cell.position]) for cell in layout.cells}
        last = values.pop(snake(_LAST_ACTIVITY), None)
        days = [str(values[key]) for key in layout.activities if values[key]]
        last_on = Day(str(last)) if last else Day(max(days)) if days else None
        name = cells[layout.names].strip()
        if name:
            self._named += 1
            self._concealed += _CONCEALED.fullmatch(name) is not None
        if layout.refreshed is not None:
            self._refreshed = max(self._refreshed, cells[layout.refreshed].strip())
        period = report.period or 0
        if layout.key is None:
            subject = _subject(report, name, values)
            return Usage(report.function, period, subject, None, name or None, last_on, values)
        key = cells[layout.key].strip()
        if not key:
            raise UntrustworthyAnswerError(f"{report.function} has a row without a {report.key}")
        record: type[Any] = report.datasets[0].record
        row: tuple[Any, ...] = record(report.function, period, key, last_on, values)
        return row


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a column stands in this file, and what becomes of its cells."""

    position: int
    name: str
    key: str  # in `metrics`
    kind: Kind


@dataclass(frozen=True, slots=True)
class _Layout:
    cells: tuple[_Cell, ...]
    names: int
    key: int | None
    refreshed: int | None
    activities: tuple[str, ...]  # keys of the days on which something in particular was last done
    missing: tuple[str, ...]
    unknown: tuple[str, ...]


def _layout(report: Report, titles: tuple[str, ...]) -> _Layout:
    known = {column.name.lower(): column for column in report.columns}
    known |= {column.formerly.lower(): column for column in report.columns if column.formerly}
    found = [known[title.lower()].name.lower() if title.lower() in known else title.lower() for title in titles]
    at = {name: position for position, name in enumerate(found)}
    for needed in filter(None, (report.names, report.key)):
        if needed.lower() not in at:
            raise UntrustworthyAnswerError(f"{report.function} came back without a {needed} column")
    own = {_REFRESHED, "report period", (report.key or report.names).lower()}
    cells = tuple(
        _Cell(position, name, snake(name), known[name].kind if name in known else Kind.TEXT)
        for position, name in enumerate(found)
        if name not in own
    )
    return _Layout(
        cells=cells,
        names=at[report.names.lower()],
        key=at[report.key.lower()] if report.key else None,
        refreshed=at.get(_REFRESHED),
        activities=tuple(cell.key for cell in cells if cell.name.endswith(f" {_LAST_ACTIVITY}")),
        missing=tuple(column.name for column in report.columns if not column.seen and column.name.lower() not in at),
        unknown=tuple(title for title in titles if title.lower() not in known),
    )


def _subject(report: Report, name: str, values: dict[str, object]) -> str:
    """What tells a row about somebody from the others: the name, and more where somebody deleted had it, or nobody."""
    folded = name.casefold()
    apart = str(values.get(snake(report.apart)) or "") if report.apart else ""
    if values.get("is_deleted") or str(values.get("user_state") or "").lower() == "deleted":
        return f"{folded}|deleted {values.get('deleted_date') or values.get('state_change_date') or apart}"
    return folded or (f"|{apart}" if apart else "")


def _gathered(gathering: Gathering, rows: list[Any]) -> Usage:
    """One row of several about the same person: the first, with the others' own columns in a list."""
    whole = [snake(name) for name in gathering.whole]
    first: Usage = rows[0]
    rows.sort(key=lambda row: str(row.metrics.get(snake(gathering.by)) or ""))
    lines = [{key: value for key, value in row.metrics.items() if key not in whole} for row in rows]
    metrics: dict[str, object] = {key: first.metrics[key] for key in whole if key in first.metrics}
    days = [row.last_activity_on for row in rows if row.last_activity_on]
    return first._replace(last_activity_on=max(days, default=None), metrics={**metrics, gathering.name: lines})


def _value(report: Report, column: _Cell, cell: str) -> object:
    text, kind = cell.strip(), column.kind
    if kind is Kind.TEXT:
        return cell or None
    if kind is Kind.LIST:
        return _JOINT.split(text) if text else []
    if not text:
        return None  # a count that Microsoft left blank is unknown, not 0
    try:
        if kind is Kind.BOOLEAN:
            return _TRUTH[text.lower()]
        if kind is Kind.DAY:
            return date.fromisoformat(text).isoformat()
        return int(text)
    except (KeyError, ValueError):
        raise UntrustworthyAnswerError(
            f"{report.function} has {text[:40]!r} under {column.name!r}, where {kind} belongs"
        ) from None
