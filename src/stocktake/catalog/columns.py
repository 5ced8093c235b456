"""What a dataset's columns are, read off the annotations of the record that declares them.

A record is a msgspec Struct (decoded straight from Graph's JSON; nested Structs are flattened) or a NamedTuple (rows
that a source derives). Each field is `Annotated[type, Means("what it says")]`; the type gives the column's kind.
"""

import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from operator import attrgetter
from typing import Annotated, Any, NewType, Union, get_args, get_origin, get_type_hints

import msgspec

from stocktake.catalog.instants import instant

ObjectId = NewType("ObjectId", str)  # a directory object's GUID; stored as that object's integer key
Instant = NewType("Instant", str)  # UTC, ISO 8601 with Z
Day = NewType("Day", str)  # YYYY-MM-DD


class Kind(StrEnum):
    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    INSTANT = "instant"
    DAY = "day"
    OBJECT = "object"
    LIST = "list"  # of text; JSON in the store
    JSON = "json"  # an object; JSON in the store


@dataclass(frozen=True, slots=True)
class Means:
    """The meaning of a field, for the reference pages and the console."""

    text: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `path` is where Graph keeps the value (empty for derived ones)."""

    name: str
    kind: Kind
    meaning: str
    path: tuple[str, ...] = ()


_KINDS: dict[Any, Kind] = {
    str: Kind.TEXT,
    int: Kind.INTEGER,
    bool: Kind.BOOLEAN,
    Instant: Kind.INSTANT,
    Day: Kind.DAY,
    ObjectId: Kind.OBJECT,
}


def columns_of(record: type[Any]) -> tuple[Column, ...]:
    """The columns that a record declares, nested Structs flattened in place; TypeError if a field says no meaning."""
    return tuple(_columns(record, ()))


def selected(item: type[msgspec.Struct]) -> tuple[str, ...]:
    """Graph property names for $select: the item's own fields, OData annotations left out."""
    names = (field.encode_name for field in msgspec.structs.fields(item))
    return tuple(name for name in names if not name.startswith("@"))


def flattener(record: type[msgspec.Struct]) -> Callable[[Any], Iterator[tuple[object, ...]]]:
    """A function from one decoded item to its single row, in the order of `columns_of(record)`."""
    readers = tuple(_reader(column) for column in _attributes(record))

    def rows(item: object) -> Iterator[tuple[object, ...]]:
        yield tuple([read(item) for read in readers])

    return rows


def _reader(attribute: tuple[str, Kind]) -> Callable[[Any], object]:
    path, kind = attribute
    if "." in path:
        outer, inner = path.split(".", 1)
        get_outer, get_inner = attrgetter(outer), attrgetter(inner)

        def nested(item: Any) -> object:  # noqa: ANN401 - any Struct
            part = get_outer(item)
            return None if part is None else get_inner(part)

        plain: Callable[[Any], object] = nested
    else:
        plain = attrgetter(path)
    if kind is Kind.INSTANT:
        return lambda item: instant(plain(item))
    return plain


def _attributes(record: type[msgspec.Struct]) -> Iterator[tuple[str, Kind]]:
    for name, annotation in get_type_hints(record, include_extras=True).items():
        part = _struct(annotation)
        if part is None:
            yield name, _kind(_bare(annotation)[0], name)
        else:
            yield from ((f"{name}.{inner}", kind) for inner, kind in _attributes(part))


def _columns(record: type[Any], prefix: tuple[str, ...]) -> Iterator[Column]:
    hints = get_type_hints(record, include_extras=True)
    struct = issubclass(record, msgspec.Struct)
    wire = {field.name: field.encode_name for field in msgspec.structs.fields(record)} if struct else {}
    for name, annotation in hints.items():
        path = (*prefix, wire[name]) if name in wire else ()
        part = _struct(annotation)
        if part is not None:
            yield from _columns(part, path)
            continue
        bare, meaning = _bare(annotation)
        if meaning is None:
            raise TypeError(f"{record.__name__}.{name} does not say what it means")
        yield Column(name, _kind(bare, name), meaning.text, path)


def _struct(annotation: object) -> type[msgspec.Struct] | None:
    for part in _alternatives(annotation):
        if isinstance(part, type) and issubclass(part, msgspec.Struct):
            return part
    return None


def _bare(annotation: object) -> tuple[object, Means | None]:
    meaning = None
    if get_origin(annotation) is Annotated:
        meaning = next((extra for extra in get_args(annotation)[1:] if isinstance(extra, Means)), None)
    alternatives = _alternatives(annotation)
    return alternatives[0], meaning


def _alternatives(annotation: object) -> tuple[object, ...]:
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        return tuple(part for part in get_args(annotation) if part is not type(None))
    return (annotation,)


def _kind(bare: object, name: str) -> Kind:
    origin = get_origin(bare) or bare
    if origin in (list, tuple):
        return Kind.LIST
    if origin is dict:
        return Kind.JSON
    try:
        return _KINDS[bare]
    except KeyError:
        raise TypeError(f"field {name} has a type that no column kind fits: {bare!r}") from None
