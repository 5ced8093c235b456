"""The two kinds of source, and the datasets they fill.

A source says what to ask Microsoft for; `$select`, table, key, permission check, fingerprint, export columns
and reference page all follow from it.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
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
    delta: "Delta | None" = None  # how later syncs learn what has changed; None: the listing is read whole every time

    @cached_property
    def select(self) -> tuple[str, ...]:
        return selected(self.item)

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the properties asked for: Graph's delta tracks only those, so a new list voids a cursor."""
        return hashlib.sha256("\n".join((self.path, *self.select)).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Delta:
    """A delta query of the stream's collection (graph-facts 8). It shows whole objects of the stream's own properties.

    `links` is the stream of what each object refers to, which rides along as `<last part of its path>@delta`. `made_of`
    names the Graph properties behind columns that are derived; the others are the property of their own name.
    """

    path: str  # below /v1.0
    latest: bool = False  # a token from now on can be had without reading, so that the listing serves as first round
    untracked: tuple[str, ...] = ()  # properties of the stream that no delta shows
    rest: Stream | None = None  # the pass that reads those, into the stream's second dataset
    links: Stream | None = None
    made_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column that Microsoft documents, and what its cells hold: text, integer, boolean, day or list ("+"-joined)."""

    name: str
    kind: Kind
    seen: bool = False  # in files or beta pages, not in the v1.0 header: that it is missing says nothing
    formerly: str | None = None  # a name that pages or files have had for the same thing


def report_columns(kind: Kind, *names: str, seen: bool = False) -> tuple[ReportColumn, ...]:
    """Several columns of one kind."""
    return tuple(ReportColumn(name, kind, seen) for name in names)


@dataclass(frozen=True, slots=True)
class Gathering:
    """Several lines about one person become one row: `metrics` has the columns of `whole`, and under `name` a list of
    the other columns of each line, in the order of the column `by`."""

    name: str
    by: str
    whole: tuple[str, ...]


ANY_LICENCE = ("",)  # every service plan's name begins so


@dataclass(frozen=True)
class Report:
    """A usage report: one file about every user, or about every site or group."""

    name: str
    function: str  # Microsoft's function name
    period: int | None  # days asked for
    columns: tuple[ReportColumn, ...]
    meaning: str
    datasets: tuple[Dataset, ...]
    root: str = "/reports"
    names: str = "User Principal Name"  # the column of names: whom a row is about, or whose the site or group is
    key: str | None = None  # the column of ids that tells rows about sites or groups apart
    apart: str | None = None  # a column that tells rows about people apart where they print no name
    gathering: Gathering | None = None
    holders: tuple[str, ...] = ()  # beginnings of service plan names: whoever has such a plan is in the report
    permissions: tuple[str, ...] = ("Reports.Read.All",)
    optional: bool = False
    workload: Workload = Workload.REPORTS

    @property
    def path(self) -> str:
        argument = f"period='D{self.period}'" if self.period else ""
        return f"{self.root}/{self.function}({argument})"

    @property
    def metrics(self) -> tuple[ReportColumn, ...]:
        """What the values in `metrics` are, by the titles that their keys come from."""
        if self.gathering is None:
            return self.columns
        whole = tuple(column for column in self.columns if column.name in self.gathering.whole)
        return (*whole, ReportColumn(self.gathering.name, Kind.JSON))


Source = Stream | Report
