"""Bulk loading by raw driver SQL: `executemany` on SQLite, COPY and a merge on PostgreSQL.

Ten thousand rows a second slower would still be correct; see libraries.md for what was measured.
"""

import json
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection

from stocktake.catalog import Dataset
from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import Row
from stocktake.store.tables import folded_name

NO_OBJECT = 0  # what a column of kind object holds where there is none


def object_keys(connection: Connection, connector_id: int, ids: Iterable[str]) -> dict[str, int]:
    """The integer key of each directory object id (as given, matched case-blind), made where it is new."""
    given = set(ids)
    wanted = sorted({name.lower() for name in given})
    if not wanted:
        return {}
    as_json = json.dumps(wanted)
    if connection.dialect.name == "sqlite":
        source = "SELECT value AS id FROM json_each(?)"
        insert = f"INSERT OR IGNORE INTO directory_objects (connector_id, id) SELECT ?, id FROM ({source})"
        select = f"SELECT id, key FROM directory_objects WHERE connector_id = ? AND id IN ({source})"
    else:
        source = "SELECT json_array_elements_text(%s::json) AS id"
        insert = (
            f"INSERT INTO directory_objects (connector_id, id) SELECT %s, id FROM ({source}) AS wanted "
            "ON CONFLICT (connector_id, id) DO NOTHING"
        )
        select = f"SELECT id, key FROM directory_objects WHERE connector_id = %s AND id IN ({source})"

    def known() -> dict[str, int]:
        return {row.id: row.key for row in connection.exec_driver_sql(select, (connector_id, as_json))}

    found = known()
    missing = [name for name in wanted if name not in found]
    if missing:
        connection.exec_driver_sql(insert, (connector_id, json.dumps(missing)))
        found = known()
    return {name: found[name.lower()] for name in given}


def stage(connection: Connection, dataset: Dataset, connector_id: int, rows: Sequence[Row]) -> None:
    """Put rows into the staging table; of two rows with one key the later wins, so that a replay is harmless."""
    if not rows:
        return
    stored = _stored(connection, dataset, connector_id, rows)
    names = ["connector_id", *(column.name for column in dataset.columns)]
    folded = folded_name(dataset)
    if folded:
        names.append(folded)
    table = f"stage_{dataset.name}"
    key = ("connector_id", *dataset.key)
    values = [name for name in names if name not in key]
    update = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in values)
    conflict = f"ON CONFLICT ({_list(key)}) DO " + (f"UPDATE SET {update}" if update else "NOTHING")
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(names))
        connection.exec_driver_sql(f"INSERT INTO {table} ({_list(names)}) VALUES ({marks}) {conflict}", stored)
        return
    _copy(connection, table, names, _last_wins(names, key, stored), conflict)


def _copy(connection: Connection, table: str, names: Sequence[str], rows: Iterable[Row], conflict: str) -> None:
    loading = f"load_{table}"
    connection.exec_driver_sql(
        f"CREATE TEMPORARY TABLE {loading} ON COMMIT DROP AS SELECT {_list(names)} FROM {table} WITH NO DATA"
    )
    driver = connection.connection.driver_connection
    assert driver is not None  # noqa: S101 - the connection is open: we are inside its transaction
    with driver.cursor() as cursor, cursor.copy(f"COPY {loading} ({_list(names)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)
    connection.exec_driver_sql(f"INSERT INTO {table} ({_list(names)}) SELECT {_list(names)} FROM {loading} {conflict}")
    connection.exec_driver_sql(f"DROP TABLE {loading}")


def _last_wins(names: Sequence[str], key: Sequence[str], rows: Sequence[Row]) -> Iterable[Row]:
    at = [names.index(name) for name in key]
    return {tuple(row[position] for position in at): row for row in rows}.values()


def _stored(connection: Connection, dataset: Dataset, connector_id: int, rows: Sequence[Row]) -> list[Row]:
    """Rows in the form of the store: object ids as keys, lists and objects as JSON text, the folded twin at the end."""
    columns = [list(column) for column in zip(*rows, strict=True)]
    kinds = [column.kind for column in dataset.columns]
    ids = {
        value for kind, values in zip(kinds, columns, strict=True) if kind is Kind.OBJECT for value in values if value
    }
    keys = object_keys(connection, connector_id, ids) if ids else {}
    for position, kind in enumerate(kinds):
        if kind is Kind.OBJECT:
            columns[position] = [keys[value] if value else NO_OBJECT for value in columns[position]]
        elif kind is Kind.LIST or kind is Kind.JSON:
            columns[position] = [_json(value) for value in columns[position]]
    stored = [[connector_id] * len(rows), *columns]
    if dataset.folded:
        at = [column.name for column in dataset.columns].index(dataset.folded)
        stored.append([None if name is None else str(name).casefold() for name in columns[at]])
    return list(zip(*stored, strict=True))


def _json(value: object) -> str:
    return "[]" if value == () else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _list(names: Iterable[str]) -> str:
    return ", ".join(_quoted(name) for name in names)


def _quoted(name: str) -> str:
    return f'"{name}"'
