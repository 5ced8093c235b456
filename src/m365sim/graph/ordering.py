"""$orderby and $search of a listing.

Without an advanced query the directory sorts by few properties and never together with a filter
(advanced-queries.md); null comes first, text is compared case-blind.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeAlias, TypeVar

from m365sim.graph.errors import malformed, unsupported_query
from m365sim.graph.odata import property_of
from m365sim.graph.schema import Entity, Property
from m365sim.tenant import Tenant

T = TypeVar("T")
Key: TypeAlias = tuple[int, str]
Value: TypeAlias = str | int | float | bool | None

_CLAUSE = re.compile(r'"([^":]+):([^"]*)"|(\bAND\b|\bOR\b)|([()])', re.IGNORECASE)
_WORDS = re.compile(r"\w+")


@dataclass(slots=True, frozen=True)
class Order(Generic[T]):
    """Properties to sort by with their directions; the key of the listing settles what is equal."""

    by: tuple[tuple[Property[T], bool], ...]  # True: descending
    tenant: Tenant
    key: Callable[[T], Key]

    def sorted(self, rows: Sequence[T]) -> list[T]:
        ordered = list(rows)
        for wanted, descending in reversed(self.by):
            ordered.sort(key=self._reader(wanted), reverse=descending)
        return ordered

    def position(self, row: T) -> list[Value]:
        """The row's place, as a page token carries it."""
        flat: list[Value] = []
        for wanted, _ in self.by:
            flat.extend(_sortable(wanted.read(self.tenant, row)))
        return [*flat, *self.key(row)]

    def first_after(self, rows: Sequence[T], after: Sequence[Value]) -> int:
        return next((at for at, row in enumerate(rows) if self._is_after(self.position(row), after)), len(rows))

    def _is_after(self, place: Sequence[Value], after: Sequence[Value]) -> bool:
        for at, (_, descending) in enumerate(self.by):
            mine, theirs = tuple(place[2 * at : 2 * at + 2]), tuple(after[2 * at : 2 * at + 2])
            if mine != theirs:
                return (mine > theirs) is not descending
        return tuple(place[-2:]) > tuple(after[-2:])

    def _reader(self, wanted: Property[T]) -> Callable[[T], tuple[bool, str | float]]:
        return lambda row: _sortable(wanted.read(self.tenant, row))


def _sortable(value: object) -> tuple[bool, str | float]:
    if isinstance(value, bool | int | float):
        return True, float(value)
    return (True, value.lower()) if isinstance(value, str) else (False, "")


def order_of(text: str, entity: Entity[T], *, advanced: bool) -> tuple[tuple[Property[T], bool], ...]:
    """The clauses of $orderby; GraphError 400 for an unknown property or one that needs an advanced query."""
    clauses: list[tuple[Property[T], bool]] = []
    for clause in text.split(","):
        name, _, direction = clause.strip().partition(" ")
        if direction.strip().lower() not in {"", "asc", "desc"}:
            raise malformed(f"Invalid orderby clause: Syntax error in '{text}'.")
        wanted = property_of(name, entity)
        if not advanced and wanted.name not in entity.sortable:
            raise unsorted_query()
        clauses.append((wanted, direction.strip().lower() == "desc"))
    return tuple(clauses)


def unsorted_query() -> Exception:
    return unsupported_query("Sorting not supported for current query.")


def search_of(text: str, entity: Entity[T], tenant: Tenant) -> Callable[[T], bool]:
    """The predicate of $search="property:words" with AND and OR (AND binds closer).

    displayName and description match by the beginnings of words, others by their own beginning
    (search-query-parameter.md).
    """
    groups: list[list[Callable[[T], bool]]] = [[]]
    if _CLAUSE.sub("", text).strip():
        raise malformed(f"Syntax error: character '{text[:1]}' is not valid in '{text}'.")
    for name, words, joint, _ in _CLAUSE.findall(text):
        if joint.upper() == "OR":
            groups.append([])
        elif name:
            groups[-1].append(_clause(name, words, entity, tenant))
    return lambda row: any(group and all(test(row) for test in group) for group in groups)


def _clause(name: str, words: str, entity: Entity[T], tenant: Tenant) -> Callable[[T], bool]:
    wanted = property_of(name, entity)
    if wanted.name not in entity.searchable:
        raise unsupported_query(f"Property '{wanted.name}' is not supported in $search.")
    parts = [part.lower() for part in _WORDS.findall(words)] or [""]
    by_words = wanted.name in {"displayName", "description"}

    def test(row: T) -> bool:
        value = wanted.read(tenant, row)
        if not isinstance(value, str):
            return False
        if not by_words:
            return value.lower().startswith(words.lower())
        found = [word.lower() for word in _WORDS.findall(value)]
        return all(any(word.startswith(part) for word in found) for part in parts)

    return test
