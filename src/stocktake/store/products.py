"""Names of products that an administrator imported from Microsoft's published list."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from stocktake.store.engine import Store
from stocktake.store.tables import product_names, product_plans


@dataclass(frozen=True, slots=True)
class CataloguePlan:
    """One line of the published list: a product, and one service plan inside it."""

    sku_id: str
    sku_part_number: str
    product_name: str
    service_plan_id: str
    service_plan_name: str
    friendly_name: str


def replace_catalogue(store: Store, lines: Iterable[CataloguePlan]) -> tuple[int, int]:
    """Put the lines in the place of what was imported before; (products, plans) kept."""
    names: dict[str, dict[str, str]] = {}
    plans: dict[tuple[str, str], dict[str, str]] = {}
    for line in lines:
        names[line.sku_id] = {
            "sku_id": line.sku_id,
            "sku_part_number": line.sku_part_number,
            "product_name": line.product_name,
        }
        plans[line.sku_id, line.service_plan_id] = {
            "sku_id": line.sku_id,
            "service_plan_id": line.service_plan_id,
            "service_plan_name": line.service_plan_name,
            "friendly_name": line.friendly_name,
        }
    with store.write() as connection:
        connection.execute(delete(product_names))
        connection.execute(delete(product_plans))
        if names:
            connection.execute(insert(product_names), list(names.values()))
        if plans:
            connection.execute(insert(product_plans), list(plans.values()))
    return len(names), len(plans)


def imported_names(connection: Connection) -> dict[str, str]:
    """Product name by SKU id."""
    return {row.sku_id: row.product_name for row in connection.execute(select(product_names))}
