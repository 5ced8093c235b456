"""How one value is written in a flat cell."""

import json
import re
from decimal import Decimal

# What a spreadsheet would run as a formula (OWASP, CSV injection), unless the whole cell is a plain number.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?\Z")


def flat(value: object) -> str:
    """Text of a value: null empty, booleans true and false, list items joined by `;`, objects as JSON."""
    match value:
        case None:
            return ""
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return str(value)
        case list() | tuple():
            return ";".join(flat(item) for item in value)
        case _:
            return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def harmless(text: str) -> str:
    """The text with an apostrophe before it where a spreadsheet would take it for a formula."""
    if text.startswith(_FORMULA) and not _NUMBER.match(text):
        return "'" + text
    return text
