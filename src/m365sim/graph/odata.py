"""The query options of a request: which are there, which the endpoint takes, what they say."""

from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import quote

from m365sim.graph.errors import GraphError, bad_request, malformed, unsupported_query
from m365sim.graph.request import GraphRequest
from m365sim.graph.schema import MISSING, Entity, Property
from m365sim.tenant import Tenant

T = TypeVar("T")

LISTING = frozenset({"$select", "$top", "$count", "$filter", "$orderby", "$search", "$skiptoken"})
SELECT_ONLY = frozenset({"$select"})
_KNOWN = LISTING | frozenset({"$skip", "$expand", "$deltatoken", "$format", "$apply", "$compute", "$levels"})
_KEPT = "/:,'()$@*!;~"


@dataclass(slots=True, frozen=True)
class Options:
    """Each option as text, None where it is missing. `link` is the query of the next page, without its token."""

    values: dict[str, str]
    link: str

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    @property
    def counted(self) -> bool:
        return self.values.get("$count", "").lower() == "true"


def options_of(request: GraphRequest, allowed: frozenset[str] = LISTING) -> Options:
    """GraphError 400 for an option that this endpoint or Graph does not know, or that stands twice."""
    values: dict[str, str] = {}
    for name, value in request.query:
        key = name.lower()
        if not key.startswith("$"):
            continue
        if key not in _KNOWN:
            raise malformed(f"The query parameter '{name}' is not supported.")
        if key not in allowed:
            raise bad_request(f"'{key}' is not supported by the service.")
        if key in values:
            raise malformed(
                f"Query option '{key}' was specified more than once, but it must be specified at most once."
            )
        values[key] = value
    if values.get("$count", "true").lower() not in {"true", "false"}:
        raise malformed(f"Invalid value '{values['$count']}' for $count query option found.")
    kept = [(name, value) for name, value in request.query if name.lower() not in {"$skiptoken", "$deltatoken"}]
    return Options(values, "&".join(f"{quote(name, _KEPT)}={quote(value, _KEPT)}" for name, value in kept))


def page_size(text: str | None, most: int = 999, default: int = 100) -> int:
    """$top. Text of the refusal: third-party comments that quote Graph, "Must be between 1 and 999 inclusive"."""
    if text is None:
        return default
    if not text.isascii() or not text.isdigit():
        raise malformed(
            f"Invalid value '{text}' for $top query option found. "
            "The $top query option requires a non-negative integer value."
        )
    size = int(text)
    if not 1 <= size <= most:
        raise unsupported_query(f"Invalid page size specified: '{size}'. Must be between 1 and {most} inclusive.")
    return size


@dataclass(slots=True, frozen=True)
class Selection(Generic[T]):
    """The properties to print, in order, and how $metadata# names them: "" or "(a,b)"."""

    properties: tuple[Property[T], ...]
    context: str

    @property
    def key(self) -> tuple[str, ...]:
        return tuple(item.name for item in self.properties)

    def row(self, tenant: Tenant, item: T) -> dict[str, object]:
        row = {wanted.name: wanted.read(tenant, item) for wanted in self.properties}
        if "signInActivity" in row and row["signInActivity"] is MISSING:
            del row["signInActivity"]
        return row


def selection_of(text: str | None, entity: Entity[T], *, collection: bool = True) -> Selection[T]:
    """What $select asks for, and the id, which Graph adds; without $select the documented defaults.

    GraphError 400 for an unknown property, 501 for one that only a single object shows.
    """
    names = names_in(text)
    if not names:
        return Selection(entity.defaults, "")
    if "*" in names:
        offered = entity.properties.values()
        return Selection(tuple(item for item in offered if not (collection and item.single_only)), "(*)")
    chosen = {found.name: found for found in (property_of(name, entity) for name in names)}
    if collection and any(item.single_only for item in chosen.values()):
        raise GraphError(501, "NotImplemented", "This operation target is not yet supported.")
    context = f"({','.join(chosen)})"
    if "id" in entity.properties:
        chosen.setdefault("id", entity.properties["id"])
    return Selection(tuple(chosen.values()), context)


def names_in(text: str | None) -> list[str]:
    return [name.strip() for name in (text or "").split(",") if name.strip()]


def property_of(name: str, entity: Entity[T]) -> Property[T]:
    found = entity.named(name)
    if found is None:
        raise unknown_property(name, entity.type_name)
    return found


def unknown_property(name: str, type_name: str) -> GraphError:
    return malformed(
        f"Parsing OData Select and Expand failed: Could not find a property named '{name}' on type '{type_name}'."
    )
