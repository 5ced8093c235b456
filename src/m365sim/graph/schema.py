"""What Microsoft offers of each type: property names, which come unasked, which may be filtered and how.

Names: CSDL v1.0 of 2026-08-20. Defaults, operators and "single object only": resources/user.md, resources/group.md,
user-list.md (graph-facts 1.3). Properties that the simulated company has no data for are null or empty.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from m365sim.tenant import Tenant

T = TypeVar("T")


class Missing:
    """Stands for a property that this object's answer leaves out altogether."""


MISSING: Final = Missing()


@dataclass(slots=True, frozen=True)
class Property(Generic[T]):
    name: str
    read: Callable[[Tenant, T], object]
    operators: frozenset[str] = frozenset()  # of $filter, in Graph's spelling
    default: bool = False  # comes without $select
    single_only: bool = False  # readable on one object, 501 on a collection
    basic: bool = False  # readable with User.ReadBasic.All


@dataclass(slots=True, frozen=True)
class Entity(Generic[T]):
    type_name: str  # for example microsoft.graph.user
    resource: str  # as the directory names it in its refusals, for example User
    properties: Mapping[str, Property[T]]  # by name in lower case: Graph reads names case-blind
    searchable: tuple[str, ...] = ("displayName",)
    sortable: tuple[str, ...] = ("displayName",)  # without advanced query

    def named(self, name: str) -> Property[T] | None:
        return self.properties.get(name.lower())

    @property
    def defaults(self) -> tuple[Property[T], ...]:
        return tuple(item for item in self.properties.values() if item.default)


@dataclass(slots=True, frozen=True)
class Traits:
    """What the documentation says about the properties of a type, as lists of names."""

    operators: Mapping[str, str]
    defaults: frozenset[str]
    single_only: frozenset[str] = frozenset()
    basic: frozenset[str] = frozenset()


def words(text: str) -> tuple[str, ...]:
    """Names that are written with spaces between them."""
    return tuple(text.split())


def nothing(_tenant: Tenant, _item: object) -> None:
    return None


def no_items(_tenant: Tenant, _item: object) -> list[object]:
    return []


def describe(
    readers: Mapping[str, Callable[[Tenant, T], object]],
    traits: Traits,
    empty_values: Iterable[str],
    empty_lists: Iterable[str],
) -> dict[str, Property[T]]:
    """The properties of a type: those with data first, then those that are always null, then those always empty."""
    every: dict[str, Callable[[Tenant, T], object]] = dict(readers)
    every.update(dict.fromkeys(empty_values, nothing))
    every.update(dict.fromkeys(empty_lists, no_items))
    return {
        name.lower(): Property(
            name,
            read,
            operators=frozenset(traits.operators.get(name, "").split()),
            default=name in traits.defaults,
            single_only=name in traits.single_only,
            basic=name in traits.basic,
        )
        for name, read in every.items()
    }
