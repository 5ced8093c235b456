"""What Microsoft published, where it lies beside the project; tests that need it skip where it does not."""

import json
from pathlib import Path
from typing import Any

import pytest

CONTRACT = Path(__file__).parent.parent.parent / "shared" / "contract"

needs_contract = pytest.mark.skipif(not CONTRACT.is_dir(), reason="../shared/contract is not beside the project")


def examples(*prefixes: str) -> list[dict[str, Any]]:
    """Published request and response pairs whose name begins with one of the prefixes, followed by a dot."""
    paths = sorted((CONTRACT / "examples").glob("*.json")) if CONTRACT.is_dir() else []
    return [
        json.loads(path.read_text(encoding="utf-8"))
        for path in paths
        if any(path.name.startswith(f"{prefix}.") for prefix in prefixes)
    ]


def published() -> dict[str, Any]:
    """Microsoft's published paths and types, as an OpenAPI document."""
    whole: dict[str, Any] = json.loads((CONTRACT / "openapi-slice.json").read_text(encoding="utf-8"))
    return whole


def schemas() -> dict[str, Any]:
    """Microsoft's published types by name, for example microsoft.graph.user."""
    return dict(published()["components"]["schemas"])


def reference(schema: dict[str, Any]) -> str:
    """The name of the type that a schema points at, through anyOf, allOf and items."""
    for part in (schema, schema.get("items", {}), *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if "$ref" in part:
            return str(part["$ref"]).rsplit("/", 1)[1]
    raise AssertionError(f"no reference in {schema}")


def item_type(path: str) -> str:
    """The type of the items that a GET of this path lists, or of the one object that it answers."""
    answer = published()["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    name = reference(answer)
    if not name.endswith("CollectionResponse"):
        return name
    return reference(schemas()[name]["properties"]["value"])


def properties(type_name: str) -> dict[str, Any]:
    """The properties of a published type, those of the types that it extends included."""
    all_schemas = schemas()
    found: dict[str, Any] = {}
    pending = [type_name]
    while pending:
        schema = all_schemas[pending.pop()]
        for part in (schema, *schema.get("allOf", ())):
            if "$ref" in part:
                pending.append(part["$ref"].rsplit("/", 1)[1])
            found.update(part.get("properties", {}))
    return found
