"""A report as the file that is downloaded, and the few of a tenant that are kept."""

import csv
import io
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from m365sim.activity import concealed
from m365sim.reports.report import LIST, NAME, YES_NO, Cell, Report, Row

BOM = b"\xef\xbb\xbf"
MOST_KEPT_BYTES = 64 * 1024 * 1024  # of a tenant, compressed


def csv_file(report: Report, rows: Iterable[Row], *, conceal: bool) -> bytes:
    """UTF-8 with a byte order mark, CRLF, empty for what is not known (graph-facts 2.1)."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(column.title for column in report.columns)
    writer.writerows(printed(report, rows, conceal=conceal))
    return BOM + buffer.getvalue().encode()


def printed(report: Report, rows: Iterable[Row], *, conceal: bool) -> Iterator[list[Cell]]:
    """Rows as the file prints them: names concealed where they are to be, lists joined, Yes and No."""
    kinds = [column.kind for column in report.columns]
    truths = [at for at, kind in enumerate(kinds) if kind == YES_NO]
    lists = [at for at, kind in enumerate(kinds) if kind == LIST]
    for row in named(report, rows, conceal=conceal):
        cells = list(row)
        for at in truths:
            cells[at] = "Yes" if cells[at] else "No"
        for at in lists:
            cells[at] = "+".join(_parts(cells[at]))
        yield cells


def named(report: Report, rows: Iterable[Row], *, conceal: bool) -> Iterator[Row]:
    """Rows with a code in place of each name, if names are to be concealed."""
    if not conceal:
        yield from rows
        return
    names = {at for at, column in enumerate(report.columns) if column.kind == NAME}
    for row in rows:
        yield tuple(concealed(cell) if at in names and isinstance(cell, str) else cell for at, cell in enumerate(row))


def _parts(cell: Cell) -> tuple[str, ...]:
    return cell if isinstance(cell, tuple) else ()


@dataclass(slots=True)
class Files:
    """Files of one state of a tenant in compressed parts; the ones that were asked for last stay."""

    kept: OrderedDict[tuple[object, ...], tuple[bytes, ...]] = field(default_factory=OrderedDict)
    size: int = 0

    def whole(self, key: tuple[object, ...], make: Callable[[], bytes]) -> bytes:
        """The file of that name, made if it is not there."""
        return zlib.decompress(self.parts(key, lambda: (make(),))[0])

    def parts(self, key: tuple[object, ...], make: Callable[[], Iterable[bytes]]) -> tuple[bytes, ...]:
        """The same for a file that is read in parts; each is compressed by zlib."""
        found = self.kept.pop(key, None)
        if found is None:
            found = tuple(zlib.compress(part, 1) for part in make())
            self.size += sum(map(len, found))
        self.kept[key] = found
        while self.size > MOST_KEPT_BYTES and len(self.kept) > 1:
            _, oldest = self.kept.popitem(last=False)
            self.size -= sum(map(len, oldest))
        return found
