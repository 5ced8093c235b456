"""The two kinds of source, and the datasets they fill.

A source says what to ask Microsoft for; `$select`, table, key, permission check, fingerprint, export columns
and reference page all follow from it.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

import msgspec

from stocktake.catalog.columns import Column, Kind, columns_of, flattener, selected

Row = tuple[object, ...]


class Workload(StrEnum):
    """Whose limits a request counts against; one throttle gate each."""

    IDENTITY = "identity"
    SIGN_INS = "sign_ins"
    REPORTS = "reports"


@dataclass(frozen=True)
class Dataset:
    """A table of spans: what was true of each key, and from which run to which.

    `record` declares the columns. `rows` derives them from one decoded item; None: the record is the item itself.
    `ledger` gives a dataset that rides on another's source a line of its own in the completeness ledger.
    `folded` names a text column that also gets a hidden case-folded twin, so that names match in either database.
    """

    name: str
    record: type[Any]
    key: tuple[str, ...]
    rows: Callable[[Any], Iterable[Row]] | None = None
    folded: str | None = None
    ledger: bool = False

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return columns_of(self.record)

    @cached_property
    def row_maker(self) -> Callable[[Any], Iterable[Row]]:
        return self.rows or flattener(self.record)


@dataclass(frozen=True)
class Stream:
    """A paged listing of one collection, or (with `parent`) of one collection under each object of another dataset."""

    name: str
    path: str  # below /v1.0; with a parent it holds {id}
    item: type[msgspec.Struct]
    datasets: tuple[Dataset, ...]
    permissions: tuple[str, ...]  # any one is enough; least privileged first
    meaning: str
    page_sizes: tuple[int, ...] = (999,)  # tried in order when Graph refuses one; empty: Graph takes no $top here
    counted: str | None = None  # path of an independent count
    parent: str | None = None  # dataset whose objects the path is asked for
    workload: Workload = Workload.IDENTITY
    single: bool = False  # the answer is one object, not a collection
    optional: bool = False  # beyond the guide's four permissions: missing permission is shown, but no reason for exit 3

    @cached_property
    def select(self) -> tuple[str, ...]:
        return selected(self.item)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the properties asked for: Graph's delta tracks only those, so a new list voids a cursor."""
        return hashlib.sha256("\n".join((self.path, *self.select)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class ReportColumn:
    """A column that Microsoft documents, and what its cells hold: text, integer, boolean, day or list ("+"-joined)."""

    name: str
    kind: Kind


@dataclass(frozen=True)
class Report:
    """A usage report: one CSV file about every user."""

    name: str
    function: str  # Microsoft's function name
    period: int | None  # days asked for
    columns: tuple[ReportColumn, ...]
    meaning: str
    datasets: tuple[Dataset, ...]
    permissions: tuple[str, ...] = ("Reports.Read.All",)
    optional: bool = False
    workload: Workload = Workload.REPORTS

    @property
    def path(self) -> str:
        argument = f"period='D{self.period}'" if self.period else ""
        return f"/reports/{self.function}({argument})"


Source = Stream | Report
