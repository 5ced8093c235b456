"""Where an export goes: a file that appears whole or not at all, or standard output."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stocktake.catalog.columns import Column
from stocktake.errors import ConfigurationError, UsageError
from stocktake.export.writers import FILE_FORMATS, TEXT_FORMATS, Row

FORMATS = (*TEXT_FORMATS, *FILE_FORMATS)
STDOUT = "-"


def export_rows(rows: Iterable[Row], columns: Sequence[Column], form: str, output: str) -> None:
    """Write rows as `form` (one of FORMATS) to a path, or to standard output for `-`.

    UsageError for what can't be written that way; ConfigurationError where the place can't be written. An output that
    exists is replaced only once the new one is complete.
    """
    if form not in FORMATS:
        raise UsageError(f"there is no format {form!r}", f"use one of {', '.join(FORMATS)}")
    if output == STDOUT:
        _to_stdout(rows, columns, form)
        return
    path = Path(output).expanduser().resolve()
    if path.is_dir():
        raise UsageError(f"{output} is a directory", "name a file with --output")
    try:
        if path.exists() and not path.is_file():
            _to_device(rows, columns, form, path)
        else:
            _to_file(rows, columns, form, path)
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise ConfigurationError(
            f"{output} can't be written: {reason}", "name a file in a directory of yours with --output"
        ) from None


def _to_stdout(rows: Iterable[Row], columns: Sequence[Column], form: str) -> None:
    if form not in TEXT_FORMATS:
        raise UsageError(f"{form} can't be written to standard output", "name a file with --output")
    # csv writes its own line ends; UTF-8 whatever the terminal's locale says, as files get it.
    stream = open(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False)  # noqa: SIM115
    try:
        TEXT_FORMATS[form](rows, columns, stream)
    finally:
        stream.close()


def _to_device(rows: Iterable[Row], columns: Sequence[Column], form: str, path: Path) -> None:
    """A pipe or device is written as it is: a new file must not take its place."""
    if form not in TEXT_FORMATS:
        raise UsageError(f"{form} can't be written to {path}", "name a regular file with --output")
    with path.open("w", encoding="utf-8", newline="") as stream:
        TEXT_FORMATS[form](rows, columns, stream)


def _to_file(rows: Iterable[Row], columns: Sequence[Column], form: str, path: Path) -> None:
    with _replacement(path) as part:
        if form in TEXT_FORMATS:
            with part.open("w", encoding="utf-8", newline="") as stream:
                TEXT_FORMATS[form](rows, columns, stream)
        else:
            FILE_FORMATS[form](rows, columns, part)


@contextmanager
def _replacement(path: Path) -> Iterator[Path]:
    """A new file beside `path` that takes its place at the end of the block, or is removed if the block raises."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    part.touch(exist_ok=False)
    try:
        yield part
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
