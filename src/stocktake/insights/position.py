"""Which products a tenant owns: bought, assigned, available, over-assigned, and what ends soon."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from stocktake.store.reading import NameOf, visible
from stocktake.store.runs import Run

EXPIRY_DAYS = 30

_SQL = f"""
    SELECT t.sku_id, t.sku_part_number, t.capability_status, t.enabled + COALESCE(t.warning, 0) AS bought, t.consumed,
           COALESCE((
               SELECT SUM(e.total) FROM terms AS e
               WHERE {visible("e")} AND e.sku_id = t.sku_id AND e.next_lifecycle_at BETWEEN :today AND :horizon
                     AND e.status IN ('Enabled', 'Warning')
           ), 0) AS expiring
    FROM subscriptions AS t WHERE {visible("t")} ORDER BY t.consumed DESC, t.sku_part_number
"""


@dataclass(frozen=True, slots=True)
class ProductPosition:
    """Seats of one product. `bought` are those that can be used now: enabled, and in their grace period (warning)."""

    sku_id: str
    sku_part_number: str
    product_name: str
    status: str | None  # Graph's capabilityStatus
    bought: int
    assigned: int
    available: int
    over_assigned: int
    expiring: int  # seats of subscriptions whose status changes within EXPIRY_DAYS unless somebody renews


def position(connection: Connection, run: Run, name_of: NameOf) -> list[ProductPosition]:
    """Every product as of a run, those with the most holders first."""
    rows = connection.execute(
        text(_SQL), {"connector": run.connector_id, "run": run.id, **expiry_window(run)}
    ).mappings()
    found = []
    for row in rows:
        bought, assigned = int(row["bought"] or 0), int(row["consumed"] or 0)
        found.append(
            ProductPosition(
                sku_id=row["sku_id"],
                sku_part_number=row["sku_part_number"],
                product_name=name_of(row["sku_part_number"], row["sku_id"]),
                status=row["capability_status"],
                bought=bought,
                assigned=assigned,
                available=max(bought - assigned, 0),
                over_assigned=max(assigned - bought, 0),
                expiring=int(row["expiring"]),
            )
        )
    return found


def expiry_window(run: Run) -> dict[str, str]:
    """`today` and `horizon`, the instants between which a subscription ends soon, seen from the end of the run."""
    return {"today": instant_before(run, 0), "horizon": instant_before(run, -EXPIRY_DAYS)}


def instant_before(run: Run, days: int) -> str:
    """That many days before the run ended, as the store writes instants."""
    end = datetime.fromisoformat(run.finished_at or run.started_at)
    return (end - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")
