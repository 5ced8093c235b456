"""JSON bodies of writes: reading them, and the answers to writes."""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from m365sim.graph.errors import bad_request, malformed
from m365sim.graph.request import Answer, GraphRequest, entity


def fields_of(request: GraphRequest, known: frozenset[str], type_name: str) -> dict[str, object]:
    """The object that was sent; GraphError 400 for no JSON object and for a property that the type does not have."""
    try:
        found = msgspec.json.decode(request.body or b"{}", type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise malformed(
            "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid "
            "JSON format."
        ) from error
    for name in found:
        if not name.startswith("@") and name not in known:
            raise malformed(
                f"Invalid property '{name}'."
                if name[:1].islower()
                else f"A property '{name}' is not declared on type '{type_name}'."
            )
    return {name: value for name, value in found.items() if not name.startswith("@")}


def text_of(fields: Mapping[str, object], name: str, *, required: bool = False) -> str | None:
    """A text property; GraphError 400 for another type, and where a required one is missing or empty."""
    value = fields.get(name)
    if value is None or value == "":
        if required:
            raise bad_request(f"A value is required for property '{name}' of resource.")
        return None
    if not isinstance(value, str):
        raise wrong(name)
    return value


def objects_of(fields: Mapping[str, object], name: str) -> list[dict[str, object]]:
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(name)
    found: list[dict[str, object]] = []
    for item in value:
        if not isinstance(item, dict):
            raise wrong(name)
        found.append({str(key): part for key, part in item.items()})
    return found


def object_of(fields: Mapping[str, object], name: str) -> dict[str, object]:
    value = fields.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise wrong(name)
    return {str(key): part for key, part in value.items()}


def texts_of(fields: Mapping[str, object], name: str) -> list[str]:
    value = fields.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise wrong(name)
    found: list[str] = []
    for item in value:
        if not isinstance(item, str):
            raise wrong(name)
        found.append(item)
    return found


def instant_of(fields: Mapping[str, object], name: str) -> int | None:
    """An instant as epoch seconds."""
    text = text_of(fields, name)
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong(name) from error
    return int((found if found.tzinfo is not None else found.replace(tzinfo=UTC)).timestamp())


def wrong(name: str) -> Exception:
    return bad_request(f"Invalid value specified for property '{name}' of resource.")


def created(request: GraphRequest, context: str, value: Mapping[str, object]) -> Answer:
    """201 with the object."""
    made = entity(request, context, value)
    made.status = 201
    return made


def no_content() -> Answer:
    return Answer(204, content_type=None)
