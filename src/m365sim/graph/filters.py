"""What a $filter means for a type: which operators each property takes, and which of them are advanced queries.

ne, not, endsWith and $count need ConsistencyLevel: eventual and $count=true (advanced-queries.md); so does everything
on employeeOrgData. Text is compared case-blind, as the directory does.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import TypeAlias, TypeVar

from m365sim.graph.errors import malformed, unsupported_query
from m365sim.graph.filter_syntax import AnyItem, Both, Compare, Either, Matches, Node, Not, OneOf, Size, parse
from m365sim.graph.schema import MISSING, Entity
from m365sim.tenant import Tenant

T = TypeVar("T")
Test: TypeAlias = Callable[[T], bool]
# Finds what a path means for an operator of a subject: (path, operator) -> value of the subject.
Resolve: TypeAlias = Callable[[tuple[str, ...], str], Callable[[T], object]]

_ADVANCED_OPERATORS = frozenset({"ne", "not", "endsWith", "$count"})
_ADVANCED_PROPERTIES = frozenset({"employeeorgdata"})
# The strict comparisons are documented together with the others.
_DOCUMENTED_AS = {"gt": "ge", "lt": "le"}


def filter_of(text: str, entity: Entity[T], tenant: Tenant, *, advanced: bool) -> Test[T]:
    """The predicate of a $filter. `advanced`: the caller sent ConsistencyLevel: eventual and $count=true.

    GraphError 400: BadRequest for what is no filter or names no property, Request_UnsupportedQuery for what the
    directory does not do.
    """
    node = parse(text)
    if "signinactivity" in _names(node) and not isinstance(node, Compare):
        raise unsupported_query("Filtering on signInActivity can't be combined with other filterable properties.")

    def resolve(path: tuple[str, ...], operator: str) -> Callable[[T], object]:
        found = entity.named(path[0])
        if found is None:
            raise malformed(
                f"Invalid filter clause: Could not find a property named '{path[0]}' on type '{entity.type_name}'."
            )
        if _DOCUMENTED_AS.get(operator, operator) not in found.operators:
            raise unsupported_query(
                "Unsupported or invalid query filter clause specified for property "
                f"'{found.name}' of resource '{entity.resource}'."
            )
        if not advanced and (operator in _ADVANCED_OPERATORS or found.name.lower() in _ADVANCED_PROPERTIES):
            raise needs_advanced(operator)
        read, steps = found.read, path[1:]
        if not steps:
            return lambda item: read(tenant, item)
        return lambda item: _inside(read(tenant, item), steps)

    return _compile(node, resolve)


def needs_advanced(operator: str) -> Exception:
    return unsupported_query(
        f"Operator '{operator}' is not supported because the required parameters might be missing. Try adding "
        "$count=true query parameter and ConsistencyLevel:eventual header. Refer to "
        "https://aka.ms/graph-docs/advanced-queries for more information"
    )


def names_of(text: str) -> frozenset[str]:
    """The properties that a filter mentions, in lower case."""
    return frozenset(_names(parse(text)))


def ids_of(text: str) -> frozenset[str]:
    """The ids of `id eq 'a' or id eq 'b'`, the only filter of delta (delta-query-overview.md: at most 50)."""
    node = parse(text)
    ids: set[str] = set()
    for part in node.parts if isinstance(node, Either) else (node,):
        if not (isinstance(part, Compare) and part.operator == "eq" and part.path[0].lower() == "id"):
            raise unsupported_query("Delta queries support only filters of the form id eq 'value'.")
        ids.add(str(part.value).lower())
    if len(ids) > 50:
        raise unsupported_query("Delta queries support filters for at most 50 ids.")
    return frozenset(ids)


def _leaves(node: Node) -> Iterator[Compare | OneOf | Matches | AnyItem | Size]:
    if isinstance(node, Not):
        yield from _leaves(node.inner)
    elif isinstance(node, Both | Either):
        for part in node.parts:
            yield from _leaves(part)
    else:
        yield node


def _names(node: Node) -> set[str]:
    return {leaf.path[0].lower() for leaf in _leaves(node)}


def _compile(node: Node, resolve: Resolve[T]) -> Test[T]:
    if isinstance(node, Not):
        for leaf in _leaves(node):
            resolve(leaf.path, "not")
        inner = _compile(node.inner, resolve)
        return lambda item: not inner(item)
    if isinstance(node, Both):
        every = [_compile(part, resolve) for part in node.parts]
        return lambda item: all(test(item) for test in every)
    if isinstance(node, Either):
        some = [_compile(part, resolve) for part in node.parts]
        return lambda item: any(test(item) for test in some)
    return _leaf(node, resolve)


def _leaf(node: Compare | OneOf | Matches | AnyItem | Size, resolve: Resolve[T]) -> Test[T]:
    if isinstance(node, Compare):
        value, wanted, compare = resolve(node.path, node.operator), _plain(node.value), _COMPARE[node.operator]
        return lambda item: compare(_plain(value(item)), wanted)
    if isinstance(node, OneOf):
        listed, values = resolve(node.path, "in"), frozenset(_plain(value) for value in node.values)
        return lambda item: _plain(listed(item)) in values
    if isinstance(node, Matches):
        text, part, ends = resolve(node.path, node.operator), node.value.lower(), node.operator == "endsWith"
        return lambda item: _has_part(text(item), part, ends=ends)
    if isinstance(node, Size):
        many, size, compare = resolve(node.path, "$count"), node.value, _COMPARE[node.operator]
        return lambda item: compare(float(_length(many(item))), size)
    items, inner = resolve(node.path, "any"), _compile(node.condition, _element(node.variable))
    return lambda item: any(inner(element) for element in _elements(items(item)))


def _element(variable: str) -> Resolve[object]:
    """Paths inside any(x:...) begin with x."""

    def resolve(path: tuple[str, ...], _operator: str) -> Callable[[object], object]:
        if path[0] != variable:
            raise malformed(f"Invalid filter clause: Could not find a property named '{path[0]}'.")
        return lambda element: _inside(element, path[1:])

    return resolve


def _inside(value: object, steps: tuple[str, ...]) -> object:
    for step in steps:
        if not isinstance(value, dict):
            return None
        value = next((inner for name, inner in value.items() if name.lower() == step.lower()), None)
    return value


def _plain(value: object) -> object:
    """A value as it is compared: text in lower case, instants in one spelling, numbers as float."""
    if isinstance(value, str):
        return _instant(value) or value.lower()
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    return None if value is MISSING or isinstance(value, list | dict) else value


def _instant(text: str) -> str | None:
    if len(text) < 10 or text[4] != "-" or text[7] != "-":
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    at = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _has_part(value: object, part: str, *, ends: bool) -> bool:
    texts = value if isinstance(value, list) else [value]
    found = [text.lower() for text in texts if isinstance(text, str)]
    return any(text.endswith(part) if ends else text.startswith(part) for text in found)


def _elements(value: object) -> list[object]:
    return value if isinstance(value, list) else []


def _length(value: object) -> int:
    return len(_elements(value))


def _at_least(left: object, right: object) -> bool:
    return _ordered(left, right) and left >= right  # type: ignore[operator]


def _at_most(left: object, right: object) -> bool:
    return _ordered(left, right) and left <= right  # type: ignore[operator]


def _ordered(left: object, right: object) -> bool:
    """Null is neither more nor less than anything."""
    return type(left) is type(right) and isinstance(left, str | float)


_COMPARE: dict[str, Callable[[object, object], bool]] = {
    "eq": lambda left, right: left == right,
    "ne": lambda left, right: left != right,
    "ge": _at_least,
    "gt": lambda left, right: _at_least(left, right) and left != right,
    "le": _at_most,
    "lt": lambda left, right: _at_most(left, right) and left != right,
}
