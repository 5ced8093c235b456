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


@dataclass(frozen=True, slots=True)
class ParsedReport:
    """The file's own facts and its rows."""

    file: ReportFile
    rows: tuple[Usage, ...]


def snake(name: str) -> str:
    """A column's name as a key of `metrics`: "Storage Used (Byte)" becomes storage_used_byte."""
    return re.sub(r"[^0-9a-z]+", "_", name.strip().lower()).strip("_")


def read_report(report: Report, body: bytes) -> ParsedReport:
    """The rows of a file; UntrustworthyAnswerError for anything but the report, or for a cell that can't be read."""
    reader = csv.reader(io.StringIO(_text(report, body), newline=""), strict=True)
    try:
        header = next(reader, None)
        if not header or snake(header[0]) == "":
            raise UntrustworthyAnswerError(f"{report.function} came back without a header row")
        names = [column.strip() for column in header]
        if _NAME not in {name.lower() for name in names}:
            raise UntrustworthyAnswerError(f"{report.function} came back without a User Principal Name column")
        lines = [(reader.line_num, cells) for cells in reader if cells]
    except csv.Error as error:
        raise UntrustworthyAnswerError(f"{report.function} is not readable as CSV: {error}") from error
    rows = tuple(_rows(report, names, lines))
    return ParsedReport(_file(report, names, lines), rows)


def _text(report: Report, body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UntrustworthyAnswerError(f"{report.function} is not UTF-8 at byte {error.start}") from error


def _file(report: Report, names: list[str], lines: list[tuple[int, list[str]]]) -> ReportFile:
    known = {column.name.lower() for column in report.columns}
    present = {name.lower() for name in names}
    at = {name.lower(): position for position, name in enumerate(names)}
    refreshed = max((cells[at[_REFRESHED]].strip() for _, cells in lines), default="") if _REFRESHED in at else ""
    upns = [cells[at[_NAME]].strip() for _, cells in lines]
    return ReportFile(
        report=report.function,
        period=report.period or 0,
        refreshed_on=Day(refreshed) if refreshed else None,
        concealed=bool(upns) and all(_CONCEALED.fullmatch(name) for name in upns if name) and any(upns),
        unknown_columns=tuple(sorted(name for name in names if name.lower() not in known)),
        missing_columns=tuple(column.name for column in report.columns if column.name.lower() not in present),
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


def _rows(report: Report, names: list[str], lines: list[tuple[int, list[str]]]) -> Iterator[Usage]:
    layout = _layout(report, names)
    at = [name.lower() for name in names].index(_NAME)
    for line, cells in lines:
        if len(cells) != len(names):
            raise UntrustworthyAnswerError(
                f"{report.function} line {line} has {len(cells)} cells where the header has {len(names)}"
            )
        metrics = {cell.key: _value(report, cell.name, cells[cell.position], cell.kind) for cell in layout}
        days = [str(metrics[cell.key]) for cell in layout if cell.activity and metrics[cell.key]]
        metrics.pop("last_activity_date", None)
        upn = cells[at].strip()
        yield Usage(
            report=report.function,
            period=report.period or 0,
            subject=_subject(upn, metrics),
            user_id=None,
            user_principal_name=upn or None,
            last_activity_on=Day(max(days)) if days else None,
            metrics=metrics,
        )


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
