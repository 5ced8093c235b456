"""Names of products that an administrator imported from Microsoft's published list."""

from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select

from stocktake.products.catalogue import CatalogueRows
from stocktake.store.engine import Store
from stocktake.store.tables import product_names, product_plans


def replace_catalogue(store: Store, rows: CatalogueRows) -> None:
    """Put a published list in the place of what was imported before."""
    with store.write() as connection:
        for table, lines in ((product_names, rows.products), (product_plans, rows.plans)):
            connection.execute(delete(table))
            if lines:
                connection.execute(insert(table), [asdict(line) for line in lines])


def imported_names(connection: Connection) -> dict[str, str]:
    """Product name by SKU id."""
    return {row.sku_id: row.product_name for row in connection.execute(select(product_names))}
