"""What is worked out once for a state of a tenant and used until it changes.

A tenant that was built anew has the same id and may have the same revision: so the memory belongs to the object, not
to its id, and is dropped when another object stands in its place. The part of a tenant that one person sees is a
tenant of another class: it has a place of its own, so that it does not push out the whole.
"""

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, cast

from m365sim.graph.packing import Packed
from m365sim.tenant import Tenant

T = TypeVar("T")

MOST_PAGE_BYTES = 192 * 1024 * 1024  # all packed pages of a tenant together


@dataclass(slots=True, frozen=True)
class Page:
    """A packed page of a listing, without what follows its last row."""

    revision: int
    packed: Packed
    last: tuple[int, str] | None  # where the next page begins; None: there is none


@dataclass(slots=True)
class Memory:
    tenant: Tenant
    facts: dict[str, tuple[object, object]] = field(default_factory=dict)
    pages: OrderedDict[tuple[object, ...], Page] = field(default_factory=OrderedDict)
    page_bytes: int = 0

    def page(self, key: tuple[object, ...]) -> Page | None:
        """The page, if it still shows the tenant as it is."""
        found = self.pages.get(key)
        if found is None or found.revision != self.tenant.revision:
            return None
        self.pages.move_to_end(key)
        return found

    def keep(self, key: tuple[object, ...], page: Page) -> None:
        old = self.pages.pop(key, None)
        if old is not None:
            self.page_bytes -= len(old.packed.deflated)
        self.pages[key] = page
        self.page_bytes += len(page.packed.deflated)
        while self.page_bytes > MOST_PAGE_BYTES:
            _, oldest = self.pages.popitem(last=False)
            self.page_bytes -= len(oldest.packed.deflated)


_memories: dict[tuple[str, str], Memory] = {}


def memory_of(tenant: Tenant) -> Memory:
    key = (tenant.id, tenant.view)
    memory = _memories.get(key)
    if memory is None or memory.tenant is not tenant:
        memory = _memories[key] = Memory(tenant)
    return memory


def remembered(tenant: Tenant, name: str, version: object, make: Callable[[], T]) -> T:
    """What `make` gave for this version of the tenant: its sequence, its revision, or that and more."""
    facts = memory_of(tenant).facts
    found = facts.get(name)
    if found is None or found[0] != version:
        found = facts[name] = (version, make())
    return cast("T", found[1])
