"""Searching, filtering, sorting and paging a view in SQL, over the runs of one or of several connectors."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, text

from stocktake.catalog.columns import Kind
from stocktake.store.connectors import Connector
from stocktake.store.reading import NameOf, View, instant_of, visible
from stocktake.store.runs import Run, finished_run

_OF_A_SCOPE = re.compile(r":(connector|run|connector_name)\b")
_TEXTUAL = {Kind.TEXT, Kind.LIST, Kind.JSON}


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose data, and as of which run."""

    connector: Connector
    run: Run


@dataclass(frozen=True, slots=True)
class Picked:
    """A column of the answer: `sql` is over the aliases of the view."""

    name: str
    sql: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Selection:
    """What is asked. `rows` is a view's SQL from FROM to the end of WHERE; `conditions` see `values` as binds."""

    rows: str
    columns: tuple[Picked, ...]
    conditions: tuple[str, ...] = ()
    values: Mapping[str, object] = field(default_factory=dict)
    search: str = ""
    searched: tuple[str, ...] = ()  # SQL of the texts that are searched
    order: tuple[tuple[str, bool], ...] = ()  # (name of a column, descending); nulls always come last


def scopes_of(connection: Connection, connectors: Sequence[Connector], as_of: str | None) -> list[Scope]:
    """The newest finished run of each connector by that day; nothing for one that had none."""
    until = instant_of(as_of)
    found = ((connector, finished_run(connection, connector.id, until)) for connector in connectors)
    return [Scope(connector, run) for connector, run in found if run is not None]


def unordered(view: View) -> str:
    """FROM and WHERE of a view. Its order serves whoever reads all of it; a grid has an order of its own."""
    return view.rows.rpartition("ORDER BY")[0]


def count_rows(connection: Connection, selection: Selection, scopes: Sequence[Scope]) -> int:
    if not scopes:
        return 0
    _prepare(connection, selection)
    inner, values = _rows_of_all(connection, selection, scopes, "1")
    return int(connection.execute(text(f"SELECT count(*) FROM ({inner}) AS g"), values).scalar_one())


def read_rows(
    connection: Connection, selection: Selection, scopes: Sequence[Scope], *, offset: int = 0, limit: int | None = None
) -> Iterator[dict[str, object]]:
    """Rows with `connector` first; lists and objects as such, booleans as booleans."""
    if not scopes:
        return
    _prepare(connection, selection)
    picked = ", ".join(f'{column.sql} AS "{column.name}"' for column in selection.columns)
    inner, values = _rows_of_all(connection, selection, scopes, picked)
    query = f"SELECT * FROM ({inner}) AS g ORDER BY {_order(selection)}"
    if limit is not None:
        query += " LIMIT :limit OFFSET :offset"
        values |= {"limit": limit, "offset": offset}
    result = connection.execution_options(yield_per=1000).execute(text(query), values)
    shapes = [(column.name, column.kind) for column in selection.columns if column.kind in _SHAPED]
    for row in result.mappings():
        shaped = dict(row)
        for name, kind in shapes:
            shaped[name] = _shape(shaped[name], kind)
        yield shaped


def product_lookup(sku: str, *, sqlite: bool) -> str:
    """SQL of a product's name by the SQL of its SKU id; the statement binds `:names` to `names_in`."""
    if sqlite:
        return f"json_extract(:names, '$.\"' || {sku} || '\"')"
    return f"(CAST(:names AS jsonb) ->> {sku})"


def names_in(connection: Connection, scopes: Sequence[Scope], name_of: NameOf) -> dict[str, str]:
    """Name by SKU id of every product that one of these runs shows as owned or assigned."""
    found: dict[str, str] = {}
    query = text(
        f"SELECT t.sku_id, t.sku_part_number FROM subscriptions AS t WHERE {visible('t')} "
        f"UNION SELECT DISTINCT a.sku_id, NULL FROM assignments AS a WHERE {visible('a')} AND NOT EXISTS "
        f"(SELECT 1 FROM subscriptions AS t WHERE t.sku_id = a.sku_id AND {visible('t')})"
    )
    for scope in scopes:
        values = {"connector": scope.connector.id, "run": scope.run.id}
        for row in connection.execute(query, values):
            found[row.sku_id] = name_of(row.sku_part_number, row.sku_id)
    return found


def ids_bound(connection: Connection) -> str:
    """SQL of a subquery that gives the ids bound as `:ids` by `ids_of`."""
    if connection.dialect.name == "sqlite":
        return "SELECT value FROM json_each(:ids)"
    return "SELECT jsonb_array_elements_text(CAST(:ids AS jsonb))"


def ids_of(rows: Sequence[Mapping[str, object]]) -> str:
    return json.dumps([row["id"] for row in rows])


def json_field(column: str, key: str, kind: Kind, *, sqlite: bool) -> str:
    """SQL of one value of a JSON object; `key` is snake_case."""
    if sqlite:
        return f"json_extract({column}, '$.{key}')"
    value = f"(CAST({column} AS jsonb) ->> '{key}')"
    cast = {Kind.INTEGER: "BIGINT", Kind.BOOLEAN: "BOOLEAN"}.get(kind)
    return f"CAST({value} AS {cast})" if cast else value


def _rows_of_all(
    connection: Connection, selection: Selection, scopes: Sequence[Scope], picked: str
) -> tuple[str, dict[str, object]]:
    values: dict[str, object] = dict(selection.values)
    conditions = [*selection.conditions]
    if selection.search:
        conditions.append(_searching(connection, selection, values))
    where = "".join(f" AND ({condition})" for condition in conditions)
    one = f"SELECT CAST(:connector_name AS TEXT) AS connector, {picked} {selection.rows}{where}"
    parts = []
    for place, scope in enumerate(scopes):
        parts.append(_OF_A_SCOPE.sub(rf":\1_{place}", one))
        values |= {
            f"connector_{place}": scope.connector.id,
            f"run_{place}": scope.run.id,
            f"connector_name_{place}": scope.connector.name,
        }
    return " UNION ALL ".join(parts), values


def _searching(connection: Connection, selection: Selection, values: dict[str, object]) -> str:
    escaped = re.sub(r"([\\%_])", r"\\\1", selection.search)
    sqlite = connection.dialect.name == "sqlite"
    if selection.search.isascii():
        shape = "{0} LIKE :search ESCAPE '\\'" if sqlite else "{0} ILIKE :search ESCAPE '\\'"
    else:
        # SQLite knows upper and lower case of ASCII alone; PostgreSQL what the locale of the database tells it.
        shape = "stocktake_lower({0})" if sqlite else _postgresql_lower(connection)
        shape += " LIKE :search ESCAPE '\\'"
        escaped = escaped.lower()
    values["search"] = f"%{escaped}%"
    return " OR ".join(shape.format(sql) for sql in selection.searched)


def _prepare(connection: Connection, selection: Selection) -> None:
    if connection.dialect.name == "sqlite" and not selection.search.isascii():
        driver = connection.connection.driver_connection
        assert driver is not None  # noqa: S101 - the connection is open
        driver.create_function("stocktake_lower", 1, _lower, deterministic=True)


def _postgresql_lower(connection: Connection) -> str:
    query = text("SELECT 1 FROM pg_collation WHERE collname = 'und-x-icu'")
    return 'lower({0} COLLATE "und-x-icu")' if connection.execute(query).first() else "lower({0})"


def _lower(value: object) -> str | None:
    return None if value is None else str(value).lower()


def _order(selection: Selection) -> str:
    kinds = {column.name: column.kind for column in selection.columns}
    parts = []
    for name, descending in selection.order:
        column = f'g."{name}"'
        if kinds.get(name) in _TEXTUAL:
            parts.append(f"{column} IS NULL, lower({column}){' DESC' if descending else ''}")
        elif name in kinds:
            parts.append(f"{column} IS NULL, {column}{' DESC' if descending else ''}")
        else:
            parts.append(column)
    return ", ".join(parts)


_SHAPED = {Kind.LIST, Kind.JSON, Kind.BOOLEAN}


def _shape(value: object, kind: Kind) -> object:
    if value is None:
        return None
    return bool(value) if kind is Kind.BOOLEAN else json.loads(str(value))
