"""The grammar of $filter as far as Graph's directory documents it (query-parameters.md, advanced-queries.md).

any := both ('or' both)*                 both := one ('and' one)*
one := 'not' one | '(' any ')' | startsWith(path, literal) | endsWith(path, literal)
     | path operator literal | path 'in' '(' literals ')' | path/any(x:any) | path/$count operator number
"""

import re
from dataclasses import dataclass
from typing import TypeAlias

from m365sim.graph.errors import malformed

Literal: TypeAlias = str | bool | float | None


@dataclass(slots=True, frozen=True)
class Compare:
    path: tuple[str, ...]
    operator: str  # eq ne ge gt le lt
    value: Literal


@dataclass(slots=True, frozen=True)
class OneOf:
    path: tuple[str, ...]
    values: tuple[Literal, ...]


@dataclass(slots=True, frozen=True)
class Matches:
    path: tuple[str, ...]
    operator: str  # startsWith endsWith
    value: str


@dataclass(slots=True, frozen=True)
class AnyItem:
    path: tuple[str, ...]
    variable: str
    condition: "Node"


@dataclass(slots=True, frozen=True)
class Size:
    path: tuple[str, ...]
    operator: str
    value: float


@dataclass(slots=True, frozen=True)
class Not:
    inner: "Node"


@dataclass(slots=True, frozen=True)
class Both:
    parts: tuple["Node", ...]


@dataclass(slots=True, frozen=True)
class Either:
    parts: tuple["Node", ...]


Node: TypeAlias = Compare | OneOf | Matches | AnyItem | Size | Not | Both | Either

COMPARISONS = frozenset({"eq", "ne", "ge", "gt", "le", "lt"})
_FUNCTIONS = {"startswith": "startsWith", "endswith": "endsWith"}
_TOKEN = re.compile(
    r"\s*(?:"
    r"(?P<text>'(?:[^']|'')*')"
    r"|(?P<instant>\d{4}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?)"
    r"|(?P<guid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})"
    r"|(?P<number>-?\d+(?:\.\d+)?)"
    r"|(?P<word>\$?[A-Za-z_@][\w.]*)"
    r"|(?P<mark>[(),:/])"
    r")"
)


class _Reader:
    """Takes a filter apart from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while text[at:].strip():
            found = _TOKEN.match(text, at)
            if found is None or found.lastgroup is None:
                raise self.wrong(at)
            self.tokens.append((found.lastgroup, found.group(found.lastgroup)))
            at = found.end()
        self.at = 0

    def wrong(self, position: int | None = None) -> Exception:
        where = len(self.text) if position is None else position
        return malformed(f"Invalid filter clause: Syntax error at position {where} in '{self.text}'.")

    def peek(self) -> tuple[str, str]:
        return self.tokens[self.at] if self.at < len(self.tokens) else ("end", "")

    def take(self, kind: str) -> str:
        found, text = self.peek()
        if found != kind:
            raise self.wrong()
        self.at += 1
        return text

    def mark(self, mark: str) -> None:
        if self.take("mark") != mark:
            raise self.wrong()

    def next_is(self, kind: str, *texts: str) -> bool:
        found, text = self.peek()
        return found == kind and text.lower() in texts

    def accept(self, kind: str, text: str) -> bool:
        if self.next_is(kind, text):
            self.at += 1
            return True
        return False


def parse(text: str) -> Node:
    """The filter as a tree; GraphError 400 where it is none."""
    reader = _Reader(text)
    node = _any(reader)
    if reader.peek()[0] != "end":
        raise reader.wrong()
    return node


def _any(reader: _Reader) -> Node:
    parts = [_both(reader)]
    while reader.accept("word", "or"):
        parts.append(_both(reader))
    return parts[0] if len(parts) == 1 else Either(tuple(parts))


def _both(reader: _Reader) -> Node:
    parts = [_one(reader)]
    while reader.accept("word", "and"):
        parts.append(_one(reader))
    return parts[0] if len(parts) == 1 else Both(tuple(parts))


def _one(reader: _Reader) -> Node:
    if reader.accept("word", "not"):
        return Not(_one(reader))
    if reader.accept("mark", "("):
        inner = _any(reader)
        reader.mark(")")
        return inner
    if reader.next_is("word", *_FUNCTIONS):
        return _function(reader)
    return _condition(reader)


def _function(reader: _Reader) -> Node:
    operator = _FUNCTIONS[reader.take("word").lower()]
    reader.mark("(")
    path = _path(reader)
    reader.mark(",")
    value = _literal(reader)
    reader.mark(")")
    if not isinstance(value, str):
        raise reader.wrong()
    return Matches(path, operator, value)


def _condition(reader: _Reader) -> Node:
    path = _path(reader)
    if path[-1].lower() == "any":
        reader.mark("(")
        variable = reader.take("word")
        reader.mark(":")
        condition = _any(reader)
        reader.mark(")")
        return AnyItem(path[:-1], variable, condition)
    operator = reader.take("word").lower()
    if operator == "in":
        return OneOf(path, _literals(reader))
    if operator not in COMPARISONS:
        raise reader.wrong()
    value = _literal(reader)
    if path[-1].lower() != "$count":
        return Compare(path, operator, value)
    if isinstance(value, bool) or not isinstance(value, float):
        raise reader.wrong()
    return Size(path[:-1], operator, value)


def _path(reader: _Reader) -> tuple[str, ...]:
    steps = [reader.take("word")]
    while reader.accept("mark", "/"):
        steps.append(reader.take("word"))
    return tuple(steps)


def _literals(reader: _Reader) -> tuple[Literal, ...]:
    reader.mark("(")
    values = [_literal(reader)]
    while reader.accept("mark", ","):
        values.append(_literal(reader))
    reader.mark(")")
    return tuple(values)


def _literal(reader: _Reader) -> Literal:
    kind, text = reader.peek()
    reader.at += 1
    if kind == "text":
        return text[1:-1].replace("''", "'")
    if kind == "number":
        return float(text)
    if kind in {"instant", "guid"}:
        return text
    words: dict[str, Literal] = {"true": True, "false": False, "null": None}
    if kind == "word" and text.lower() in words:
        return words[text.lower()]
    raise reader.wrong()
