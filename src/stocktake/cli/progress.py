"""How far a sync has come, on stderr: bars on a terminal, lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from stocktake.cli.output import note, printable

if TYPE_CHECKING:
    from stocktake.sync.context import Progress as SourceProgress

_LINE_EVERY_S = 5.0

Report = Callable[["SourceProgress"], None]


@contextmanager
def progress_of(connector: str) -> Iterator[Report]:
    """A function to call with every step of a sync."""
    if sys.stderr.isatty():
        with _bars(connector) as report:
            yield report
    else:
        yield _lines(connector)


@contextmanager
def _bars(connector: str) -> Iterator[Report]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:>9,.0f} rows"),
        TextColumn("{task.fields[rate]:>9}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[state]}"),
    )
    tasks: dict[str, TaskID] = {}
    began: dict[str, float] = {}
    with Progress(*columns, console=Console(stderr=True), transient=True) as bars:

        def report(step: "SourceProgress") -> None:
            now = time.monotonic()
            if step.source not in tasks:
                tasks[step.source] = bars.add_task(f"{connector}: {step.source}", total=None, rate="", state="")
                began[step.source] = now
            spent = max(now - began[step.source], 0.1)
            bars.update(
                tasks[step.source],
                completed=step.rows,
                total=max(step.rows, 1) if step.outcome else step.expected,
                rate=f"{step.rows / spent:,.0f}/s",
                state=printable(step.outcome or _waiting(step)),
            )

        yield report


def _lines(connector: str) -> Report:
    """A line when a source ends or begins to wait, and one every few seconds in between."""
    began: dict[str, float] = {}
    last: dict[str, tuple[float, str]] = {}

    def report(step: "SourceProgress") -> None:
        now = time.monotonic()
        started = began.setdefault(step.source, now)
        said_at, said = last.get(step.source, (started, ""))
        state = step.outcome or _waiting(step)
        if step.outcome is None and now - said_at < _LINE_EVERY_S and (not state or state == said):
            return
        last[step.source] = (now, state)
        rate = f", {step.rows / (now - started):,.0f} rows/s" if now - started >= 1 else ""
        note(
            f"{connector}: {step.source}: {step.rows:,} rows, {step.pages:,} pages{rate}{f', {state}' if state else ''}"
        )

    return report


def _waiting(step: "SourceProgress") -> str:
    return f"waiting: {step.waiting}" if step.waiting else ""
