"""One writer a format. Each takes rows one by one and holds few of them at a time."""

import csv
import json
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, TextIO

from stocktake.catalog.columns import Column, Kind
from stocktake.errors import UsageError
from stocktake.export.cells import flat, harmless

Row = Mapping[str, object]

XLSX_ROWS = 1_048_576  # of one sheet, the header among them (Microsoft: Excel specifications and limits)
XLSX_CELL = 32_767  # characters of one cell


def write_csv(rows: Iterable[Row], columns: Sequence[Column], stream: TextIO) -> None:
    """RFC 4180 with a header; text that a spreadsheet would run gets an apostrophe before it."""
    writer = csv.writer(stream, lineterminator="\r\n")
    names = [column.name for column in columns]
    writer.writerow(names)
    for row in rows:
        writer.writerow([harmless(flat(row.get(name))) for name in names])


def write_jsonl(rows: Iterable[Row], columns: Sequence[Column], stream: TextIO) -> None:
    """One JSON object a line, values as they are: arrays, objects, nulls."""
    names = [column.name for column in columns]
    for row in rows:
        line = json.dumps({name: row.get(name) for name in names}, ensure_ascii=False, separators=(",", ":"))
        stream.write(line + "\n")


def write_xlsx(rows: Iterable[Row], columns: Sequence[Column], path: Path) -> None:
    """A workbook; text is never a formula, times are real dates (UTC), and a full sheet is followed by another.

    UsageError for a cell that is longer than Excel can hold; OSError where the file can't be written.
    """
    from xlsxwriter import Workbook
    from xlsxwriter.exceptions import FileCreateError

    try:
        with Workbook(path, {"constant_memory": True, "tmpdir": str(path.parent)}) as book:
            _write_sheets(book, rows, columns)
    except FileCreateError as error:
        raise OSError(0, str(error)) from error


def _write_sheets(book: Any, rows: Iterable[Row], columns: Sequence[Column]) -> None:  # noqa: ANN401
    bold = book.add_format({"bold": True})
    formats = {
        Kind.INSTANT: book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
        Kind.DAY: book.add_format({"num_format": "yyyy-mm-dd"}),
    }
    sheet, number, at = None, 0, XLSX_ROWS
    for row in _at_least_the_header(rows):
        if sheet is None or at >= XLSX_ROWS:
            number += 1
            sheet, at = book.add_worksheet(f"Sheet{number}"), 1
            sheet.freeze_panes(1, 0)
            for position, column in enumerate(columns):
                sheet.write_string(0, position, column.name, bold)
        if row is None:
            break
        for position, column in enumerate(columns):
            _write_cell(sheet, (at, position), row.get(column.name), column, formats.get(column.kind))
        at += 1


def _at_least_the_header(rows: Iterable[Row]) -> Iterable[Row | None]:
    empty = True
    for row in rows:
        empty = False
        yield row
    if empty:
        yield None


def _write_cell(sheet: Any, place: tuple[int, int], value: object, column: Column, form: object) -> None:  # noqa: ANN401
    match value:
        case None:
            return
        case bool():
            sheet.write_boolean(*place, value)
        case int() | float():
            sheet.write_number(*place, value)
        case str() if column.kind in (Kind.INSTANT, Kind.DAY) and (moment := _moment(value)) is not None:
            sheet.write_datetime(*place, moment, form)
        case _:
            text = flat(value)
            if len(text) > XLSX_CELL:
                raise UsageError(
                    f"a value of {column.name} has {len(text)} characters and Excel takes {XLSX_CELL}",
                    "export as csv, jsonl or parquet",
                )
            sheet.write_string(*place, text)


def _moment(text: str) -> datetime | None:
    """What Excel can hold as a date: it knows none before 1900 and no time zones."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=None) if moment.year >= 1900 else None


def write_parquet(rows: Iterable[Row], columns: Sequence[Column], path: Path) -> None:
    """Parquet by the columns' kinds: instants in microseconds UTC, days as dates, lists of text, objects as JSON text.

    Rows pass through a temporary file of JSON lines: the Arrow library reads it in batches, in memory of its own.
    """
    from arro3.core import DataType, Field, Schema
    from arro3.io import read_json, write_parquet

    types: dict[Kind, DataType] = {
        Kind.INTEGER: DataType.int64(),
        Kind.BOOLEAN: DataType.bool(),
        Kind.INSTANT: DataType.timestamp("us", tz="UTC"),
        Kind.DAY: DataType.date32(),
        Kind.LIST: DataType.list(Field("item", DataType.utf8())),
    }
    schema = Schema([Field(column.name, types.get(column.kind, DataType.utf8())) for column in columns])
    with tempfile.TemporaryFile(dir=path.parent) as lines:
        for row in rows:
            values = {column.name: _arrow_value(row.get(column.name), column.kind) for column in columns}
            lines.write(json.dumps(values, ensure_ascii=False).encode() + b"\n")
        lines.seek(0)
        write_parquet(read_json(lines, schema, batch_size=8192), path, compression="zstd(3)")


def _arrow_value(value: object, kind: Kind) -> object:
    if value is None or kind in (Kind.INTEGER, Kind.BOOLEAN, Kind.LIST):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    return flat(value)


TextWriter = Callable[[Iterable[Row], Sequence[Column], TextIO], None]
FileWriter = Callable[[Iterable[Row], Sequence[Column], Path], None]

TEXT_FORMATS: dict[str, TextWriter] = {"csv": write_csv, "jsonl": write_jsonl}
FILE_FORMATS: dict[str, FileWriter] = {"xlsx": write_xlsx, "parquet": write_parquet}
