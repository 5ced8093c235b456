"""What commands print: tables for people, JSON for programs. Results go to stdout, everything else to stderr."""

import json
import re
import sys
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from typing import Literal

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stocktake.export.cells import flat

Row = dict[str, object]

_MEASURED_ROWS = 500
_WIDEST_CELL = 44
_GUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-")
_NUMBER = re.compile(r"-?[0-9][0-9,]*(\.[0-9]+)?")
# Names in a tenant are free text: none of it may move the cursor, colour the terminal or turn the line around.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(value: object) -> str:
    """The text of a value without anything that a terminal would obey."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", flat(value))


def note(text: str) -> None:
    """A line for people, beside the result."""
    sys.stderr.write(_UNPRINTABLE.sub(" ", text) + "\n")


def say(text: str) -> None:
    """A line of the result."""
    sys.stdout.write(text + "\n")


def print_json(value: object) -> None:
    say(json.dumps(value, ensure_ascii=False, indent=2))


def print_json_array(rows: Iterable[Row]) -> None:
    """A JSON array, one row a line, written as the rows come."""
    sys.stdout.write("[")
    separator = "\n"
    for row in rows:
        sys.stdout.write(separator + json.dumps(row, ensure_ascii=False))
        separator = ",\n"
    sys.stdout.write("\n]\n" if separator == ",\n" else "]\n")


def print_rows(columns: Sequence[str], rows: Iterable[Row]) -> int:
    """A table, as many columns as fit on a terminal, and all of them elsewhere. How many rows there were."""
    source = iter(rows)
    first = list(islice(source, _MEASURED_ROWS))
    widths = _widths(columns, first)
    if not sys.stdout.isatty():
        return _print_plain(columns, widths, first, source)
    console = Console()
    shown = _that_fit(columns, widths, console.width, first)
    if len(first) < _MEASURED_ROWS:
        _print_table(console, shown, first)
        count = len(first)
    else:  # a rich table has to be whole before it is drawn
        count = _print_plain(shown, widths, first, source)
    if left_out := [column for column in columns if column not in shown]:
        note(f"Not shown for want of room: {', '.join(left_out)} (--json and `stocktake export` hold all).")
    return count


def _widths(columns: Sequence[str], rows: Sequence[Row]) -> dict[str, int]:
    return {
        column: min(
            _WIDEST_CELL, max(chain([cell_len(column)], (cell_len(printable(row.get(column))) for row in rows)))
        )
        for column in columns
    }


def _that_fit(columns: Sequence[str], widths: dict[str, int], room: int, rows: Sequence[Row]) -> list[str]:
    """As many columns as there is room for, in their order. Identifiers, and what is the same everywhere, go first."""

    def unread(column: str) -> bool:
        values = {flat(row.get(column)) for row in rows}
        return (len(rows) > 1 and len(values) == 1) or all(not value or _GUID.match(value) for value in values)

    shown: set[str] = set()
    for column in sorted(columns, key=unread):
        room -= widths[column] + 2
        if room < 0 and shown:
            break
        shown.add(column)
    return [column for column in columns if column in shown]


def _numeric(column: str, rows: Sequence[Row]) -> bool:
    values = [value for row in rows if (value := row.get(column)) is not None]
    return bool(values) and all(_NUMBER.fullmatch(flat(value)) for value in values)


def _print_table(console: Console, columns: Sequence[str], rows: Sequence[Row]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        side: Literal["left", "right"] = "right" if _numeric(column, rows) else "left"
        table.add_column(column, justify=side, no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(printable(row.get(column))) for column in columns))
    console.print(table)


def _print_plain(columns: Sequence[str], widths: dict[str, int], first: Sequence[Row], rest: Iterable[Row]) -> int:
    """Aligned by the first rows; a longer cell pushes the others and is never cut."""
    right = {column for column in columns if _numeric(column, first)}

    def line(cells: Iterable[tuple[str, str]]) -> str:
        return "  ".join(_padded(text, widths[column], column in right) for column, text in cells).rstrip()

    say(line((column, column) for column in columns))
    count = 0
    for row in chain(first, rest):
        say(line((column, printable(row.get(column))) for column in columns))
        count += 1
    return count


def _padded(text: str, width: int, right: bool) -> str:
    room = " " * (width - cell_len(text))
    return room + text if right else text + room
