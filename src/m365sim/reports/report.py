"""How a report is declared: its columns in the order of the file, and the rows that go under them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from m365sim.reports.window import Window
from m365sim.tenant import Tenant

TEXT, NAME, FLAG, YES_NO, COUNT, DAY, LIST = "text", "name", "flag", "yes_no", "count", "day", "list"

# Text, a day as YYYY-MM-DD, a count, a truth, a list; None is an empty cell.
Cell: TypeAlias = str | int | bool | tuple[str, ...] | None
Row: TypeAlias = tuple[Cell, ...]
Rows: TypeAlias = Callable[[Tenant, Window], Iterator[Row]]


@dataclass(slots=True, frozen=True)
class Column:
    """`kind`: name is replaced by a code when names are concealed; flag prints True and False, yes_no Yes and No; a
    list is joined by + and its parts are upper-case (graph-facts 2.1)."""

    title: str
    kind: str = TEXT


@dataclass(slots=True, frozen=True)
class Report:
    function: str  # Microsoft's name, in Microsoft's spelling
    columns: tuple[Column, ...]
    rows: Rows
    subject: str = "user"  # user | site | group
    key: str = "User Principal Name"  # the column that says whom or what a row is about
    periods: bool = True  # takes period=
    days_back: int | None = 30  # how far back date= goes; None: the function has no date

    def position(self, title: str) -> int:
        """Where a column stands; ValueError for none."""
        return [column.title for column in self.columns].index(title)

    @property
    def activity_columns(self) -> tuple[int, ...]:
        """Where the dates of last activity stand."""
        titles = [column.title for column in self.columns]
        return tuple(at for at, title in enumerate(titles) if title.endswith("Last Activity Date"))


def columns(*titles: str, kind: str = TEXT) -> tuple[Column, ...]:
    """Several columns of one kind."""
    return tuple(Column(title, kind) for title in titles)


REFRESHED = Column("Report Refresh Date", DAY)
PERIOD = Column("Report Period", COUNT)
PRINCIPAL = Column("User Principal Name", NAME)
DISPLAY = Column("Display Name", NAME)
DELETED = (Column("Is Deleted", FLAG), Column("Deleted Date", DAY))
LAST_ACTIVITY = Column("Last Activity Date", DAY)
PRODUCTS = Column("Assigned Products", LIST)


def rows_of(report: Report, tenant: Tenant, window: Window) -> Iterator[Row]:
    """The rows of the file with names in the clear. A file for one day lists who did something on it.

    "The date for which you would like to view the users who performed any activity" (the v1.0 pages).
    """
    rows = report.rows(tenant, window)
    if not window.single:
        return rows
    day, dates = window.refreshed_on, report.activity_columns
    return (row for row in rows if any(row[at] == day for at in dates))
