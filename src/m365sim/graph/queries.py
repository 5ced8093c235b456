"""$select, $filter eq and $count for the small collections of this directory: registrations, principals and grants.

They fit on one page; $filter knows `property eq 'value'`, `startswith(property,'value')` and their `and`.
"""

import re
from collections.abc import Mapping, Sequence

from m365sim.graph.errors import bad_request, unsupported_query
from m365sim.graph.odata import LISTING, SELECT_ONLY, names_in, options_of, page_size, unknown_property
from m365sim.graph.request import Answer, GraphRequest, whole

_EQUALS = re.compile(r"^\(?\s*([A-Za-z]+)\s+eq\s+(?:'((?:[^']|'')*)'|([0-9A-Fa-f-]{36}|true|false|null))\s*\)?$")
_STARTS = re.compile(r"^startswith\(\s*([A-Za-z]+)\s*,\s*'((?:[^']|'')*)'\s*\)$", re.IGNORECASE)
Row = Mapping[str, object]


def answer_rows(request: GraphRequest, context: str, type_name: str, rows: Sequence[Row]) -> Answer:
    """A collection with the options that these types take; GraphError 400 for what they don't."""
    options = options_of(request, LISTING)
    if options.get("$search") or options.get("$orderby"):
        raise unsupported_query("$search and $orderby are not supported on this collection.")
    size = page_size(options.get("$top"))
    shown = [dict(row) for row in rows]
    if text := options.get("$filter"):
        shown = [row for row in shown if _matches(row, text, type_name)]
    shown = shown[:size]
    wanted = names_in(options.get("$select"))
    return whole(request, context + _context(wanted), [_only(row, wanted, type_name) for row in shown])


def entity_row(request: GraphRequest, row: Row, type_name: str) -> tuple[dict[str, object], str]:
    """One object after $select, and how $metadata# says so."""
    wanted = names_in(options_of(request, SELECT_ONLY).get("$select"))
    return _only(row, wanted, type_name), _context(wanted)


def _context(wanted: list[str]) -> str:
    return f"({','.join(wanted)})" if wanted else ""


def _only(row: Row, wanted: list[str], type_name: str) -> dict[str, object]:
    if not wanted:
        return dict(row)
    spelling = {name.lower(): name for name in row}
    for name in wanted:
        if name.lower() not in spelling:
            raise unknown_property(name, type_name)
    return {name: row[name] for name in dict.fromkeys([*(spelling[name.lower()] for name in wanted), "id"])}


def _matches(row: Row, text: str, type_name: str) -> bool:
    return all(_holds(row, part.strip(), type_name) for part in re.split(r"\s+and\s+", text))


def _holds(row: Row, part: str, type_name: str) -> bool:
    equals, starts = _EQUALS.match(part), _STARTS.match(part)
    found = equals or starts
    if found is None:
        raise bad_request("Unsupported or invalid query filter clause specified.")
    spelling = {name.lower(): name for name in row}
    name = spelling.get(found.group(1).lower())
    if name is None:
        raise unknown_property(found.group(1), type_name)
    value = "" if row[name] is None else str(row[name])
    if starts is not None:
        return value.lower().startswith(starts.group(2).replace("''", "'").lower())
    bare = found.group(3)
    if bare == "null":
        return row[name] is None
    if bare in {"true", "false"}:
        return row[name] is (bare == "true")
    return value.lower() == (bare or (found.group(2) or "").replace("''", "'")).lower()
