"""Independent figures that a run is held against once its data is merged."""

from sqlalchemy import Connection, text

_NAMED = 3  # products named in a check, the rest is counted


def consumed_check(connection: Connection, connector_id: int) -> str:
    """consumedUnits against the holders listed. A difference is a warning: lag and error states explain it."""
    rows = connection.execute(
        text(
            "SELECT s.sku_id, s.sku_part_number, s.consumed, count(DISTINCT a.user_id) AS holders "
            "FROM subscriptions AS s LEFT JOIN assignments AS a ON a.connector_id = s.connector_id "
            "AND a.sku_id = s.sku_id AND a.to_run IS NULL AND (a.state IS NULL OR a.state <> 'Error') "
            "WHERE s.connector_id = :connector AND s.to_run IS NULL AND s.applies_to = 'User' "
            "GROUP BY s.sku_id, s.sku_part_number, s.consumed ORDER BY s.sku_part_number"
        ),
        {"connector": connector_id},
    ).all()
    if not rows:
        return "no subscribed SKUs to compare with"
    off = [row for row in rows if row.consumed is not None and row.consumed != row.holders]
    if not off:
        return f"consumedUnits equals the holders of all {len(rows)} products"
    named = ", ".join(f"{row.sku_part_number} {row.consumed} against {row.holders}" for row in off[:_NAMED])
    more = f" and {len(off) - _NAMED} more" if len(off) > _NAMED else ""
    return f"warning: consumedUnits differs from the holders of {len(off)} products: {named}{more}"
