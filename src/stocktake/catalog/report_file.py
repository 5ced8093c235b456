"""Reading one downloaded usage report.

Columns are found by name, trimmed and case-blind, in any order, with or without a byte order mark, because Microsoft
has changed them without notice (graph-facts 2.1). A column that nobody documented is kept as text; a documented one
that is missing is named.
"""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from stocktake.catalog.columns import Day, Kind
from stocktake.catalog.declaration import Report
from stocktake.catalog.usage import ReportFile, Usage
from stocktake.errors import UntrustworthyAnswerError

_CONCEALED = re.compile(r"[0-9A-F]{32}")  # graph-facts 2.2
_NAME = "user principal name"
_REFRESHED = "report refresh date"
# Products are joined by a bare "+"; one between blanks belongs to a name ("ENTERPRISE MOBILITY + SECURITY E3").
_JOINT = re.compile(r"(?<! )\+(?! )")
_OWN = {_NAME, _REFRESHED, "report period"}
_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


def snake(name: str) -> str:
    """A column's name as a key of `metrics`: "Storage Used (Byte)" becomes storage_used_byte."""
    return re.sub(r"[^0-9a-z]+", "_", name.strip().lower()).strip("_")


class ReportReader:
    """A report file, read row by row; `file` says the file's own facts once all rows have been read.

    UntrustworthyAnswerError for anything but the report, at once or at the row with a cell that can't be read.
    """

    def __init__(self, report: Report, body: bytes) -> None:
        self.report = report
        self._reader = csv.reader(io.TextIOWrapper(io.BytesIO(body), "utf-8-sig", newline=""), strict=True)
        header = self._next()
        if not header or snake(header[0]) == "":
            raise UntrustworthyAnswerError(f"{report.function} came back without a header row")
        self._names = [column.strip() for column in header]
        self._at = {name.lower(): position for position, name in enumerate(self._names)}
        if _NAME not in self._at:
            raise UntrustworthyAnswerError(f"{report.function} came back without a User Principal Name column")
        self._layout = _layout(report, self._names)
        self._refreshed = ""
        self._concealed = self._named = 0

    def rows(self) -> Iterator[Usage]:
        while (cells := self._next()) is not None:
            if cells:
                yield self._row(cells)

    @property
    def file(self) -> ReportFile:
        known = {column.name.lower() for column in self.report.columns}
        return ReportFile(
            report=self.report.function,
            period=self.report.period or 0,
            refreshed_on=Day(self._refreshed) if self._refreshed else None,
            concealed=self._named > 0 and self._concealed == self._named,
            unknown_columns=tuple(sorted(name for name in self._names if name.lower() not in known)),
            missing_columns=tuple(column.name for column in self.report.columns if column.name.lower() not in self._at),
        )

    def _next(self) -> list[str] | None:
        try:
            return next(self._reader, None)
        except csv.Error as error:
            raise UntrustworthyAnswerError(f"{self.report.function} is not readable as CSV: {error}") from error
        except UnicodeDecodeError as error:
            raise UntrustworthyAnswerError(f"{self.report.function} is not UTF-8 at byte {error.start}") from error

    def _row(self, cells: list[str]) -> Usage:
        report = self.report
        if len(cells) != len(self._names):
            raise UntrustworthyAnswerError(
                f"{report.function} line {self._reader.line_num} has {len(cells)} cells "
                f"where the header has {len(self._names)}"
            )
        metrics = {cell.key: _value(report, cell.name, cells[cell.position], cell.kind) for cell in self._layout}
        days = [str(metrics[cell.key]) for cell in self._layout if cell.activity and metrics[cell.key]]
        metrics.pop("last_activity_date", None)
        upn = cells[self._at[_NAME]].strip()
        if upn:
            self._named += 1
            self._concealed += _CONCEALED.fullmatch(upn) is not None
        if _REFRESHED in self._at:
            self._refreshed = max(self._refreshed, cells[self._at[_REFRESHED]].strip())
        return Usage(
            report=report.function,
            period=report.period or 0,
            subject=_subject(upn, metrics),
            user_id=None,
            user_principal_name=upn or None,
            last_activity_on=Day(max(days)) if days else None,
            metrics=metrics,
        )


@dataclass(frozen=True, slots=True)
class _Cell:
    """Where a column stands in this file, and what becomes of its cells."""

    position: int
    name: str
    key: str  # in `metrics`
    kind: Kind
    activity: bool  # names the last day of some activity


def _layout(report: Report, names: list[str]) -> list[_Cell]:
    kinds = {column.name.lower(): column.kind for column in report.columns}
    return [
        _Cell(position, name, snake(name), kinds.get(name, Kind.TEXT), name.endswith("last activity date"))
        for position, name in enumerate(name.lower() for name in names)
        if name not in _OWN
    ]


def _subject(upn: str, metrics: dict[str, object]) -> str:
    folded = upn.casefold()
    return f"{folded}|deleted {metrics.get('deleted_date') or ''}" if metrics.get("is_deleted") else folded


def _value(report: Report, name: str, cell: str, kind: Kind) -> object:
    text = cell.strip()
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
            f"{report.function} has {text[:40]!r} under {name!r}, where {kind} belongs"
        ) from None
