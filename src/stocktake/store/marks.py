"""What a run was told of keys, beside the rows that it staged.

A mark has a name, a subject and, where it speaks of one link of the subject alone, the other end. Under the name of a
dataset it says: of what is known under this key, only the rows staged in this run are true. So a removal is a mark
without rows, and what was read anew object by object is a mark with rows. Further names belong to whoever makes them.
"""

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, text

from stocktake.catalog import Dataset
from stocktake.store.bulk import NO_OBJECT, object_keys

Pair = tuple[str, str | None]  # object ids of subject and other end; null: whatever the other end is

_INSERT = text(
    "INSERT INTO stage_marks (connector_id, name, subject, other) VALUES (:connector, :name, :subject, :other) "
    "ON CONFLICT DO NOTHING"
)


def mark(connection: Connection, connector_id: int, name: str, ids: Collection[str]) -> None:
    """Remember these object ids under a name."""
    _write(connection, connector_id, name, [(object_id, None) for object_id in ids])


def replace(connection: Connection, dataset: Dataset, connector_id: int, pairs: Collection[Pair]) -> None:
    """Forget what this run has staged under these keys, and say that what is known under them is true no more.

    The first columns of the dataset's key are what subject and other end stand for.
    """
    _unstage(connection, dataset, _write(connection, connector_id, dataset.name, pairs))


def mark_read(connection: Connection, dataset: Dataset, connector_id: int, name: str, ids: Collection[str]) -> None:
    """Forget what this run has staged under these keys, and remember under a name that they are read anew."""
    _unstage(connection, dataset, _write(connection, connector_id, name, [(object_id, None) for object_id in ids]))


def _unstage(connection: Connection, dataset: Dataset, places: list[dict[str, object]]) -> None:
    subject, *others = dataset.key
    for narrow in (False, True):
        some = [place for place in places if bool(place["other"]) is narrow]
        if some:
            more = f' AND "{others[0]}" = :other' if narrow else ""
            connection.execute(
                text(
                    f'DELETE FROM stage_{dataset.name} WHERE connector_id = :connector AND "{subject}" = :subject{more}'
                ),
                some,
            )


def clear_marks(connection: Connection, connector_id: int, name: str | None = None) -> None:
    """All marks of that name, or all marks."""
    named = " AND name = :name" if name else ""
    values = {"connector": connector_id, **({"name": name} if name else {})}
    connection.execute(text(f"DELETE FROM stage_marks WHERE connector_id = :connector{named}"), values)


def copy_marks(connection: Connection, connector_id: int, name: str, into: str) -> None:
    """Add the marks of one name to those of another."""
    connection.execute(
        text(
            "INSERT INTO stage_marks (connector_id, name, subject, other) SELECT connector_id, :into, subject, other "
            "FROM stage_marks WHERE connector_id = :connector AND name = :name ON CONFLICT DO NOTHING"
        ),
        {"connector": connector_id, "name": name, "into": into},
    )


def _write(connection: Connection, connector_id: int, name: str, pairs: Iterable[Pair]) -> list[dict[str, object]]:
    found = list(pairs)
    keys = object_keys(connection, connector_id, {end for pair in found for end in pair if end})
    places: list[dict[str, object]] = [
        {
            "connector": connector_id,
            "name": name,
            "subject": keys[subject],
            "other": keys[other] if other else NO_OBJECT,
        }
        for subject, other in found
    ]
    if places:
        connection.execute(_INSERT, places)
    return places
