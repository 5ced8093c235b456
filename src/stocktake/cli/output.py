"""What commands print: tables for people, JSON for programs. Results go to stdout, everything else to stderr."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, islice

from rich.cells import cell_len, set_cell_size
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stocktake.export.cells import flat

Row = dict[str, object]

_MEASURED_ROWS = 500
_WIDEST_CELL = 44
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
        return _print_plain(columns, widths, chain(first, source))
    console = Console()
    shown = _that_fit(columns, widths, console.width)
    if len(first) < _MEASURED_ROWS:
        _print_table(console, shown, first)
        count = len(first)
    else:  # a rich table has to be whole before it is drawn
        count = _print_plain(shown, widths, chain(first, source))
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


def _that_fit(columns: Sequence[str], widths: dict[str, int], room: int) -> list[str]:
    shown: list[str] = []
    for column in columns:
        room -= widths[column] + 2
        if room < 0 and shown:
            break
        shown.append(column)
    return shown


def _print_table(console: Console, columns: Sequence[str], rows: Sequence[Row]) -> None:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    for column in columns:
        values = [row.get(column) for row in rows]
        numeric = any(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        table.add_column(column, justify="right" if numeric else "left", no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text(printable(row.get(column))) for column in columns))
    console.print(table)


def _print_plain(columns: Sequence[str], widths: dict[str, int], rows: Iterable[Row]) -> int:
    """Aligned by the first rows; a longer cell pushes the others and is never cut."""
    count = 0
    for line in _plain_lines(columns, widths, rows):
        say(line)
        count += 1
    return count - 1


def _plain_lines(columns: Sequence[str], widths: dict[str, int], rows: Iterable[Row]) -> Iterator[str]:
    yield "  ".join(set_cell_size(column, widths[column]) for column in columns).rstrip()
    for row in rows:
        yield "  ".join(_padded(printable(row.get(column)), widths[column]) for column in columns).rstrip()


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))
