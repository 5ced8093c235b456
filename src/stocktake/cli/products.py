"""`stocktake products`: what Microsoft's products are called."""

from pathlib import Path
from typing import Annotated

import typer

from stocktake.cli.installation import installation
from stocktake.cli.output import say


def import_products(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Microsoft's CSV of product names and service plans.")],
) -> None:
    """Take product names from Microsoft's CSV, in the place of what was imported before."""
    from stocktake.products.catalogue import read_catalogue

    rows = read_catalogue(file.expanduser())
    with installation() as app:
        from stocktake.store.products import CataloguePlan, replace_catalogue

        products = {product.sku_id: product for product in rows.products}
        counts = replace_catalogue(
            app.store,
            (
                CataloguePlan(
                    sku_id=plan.sku_id,
                    sku_part_number=products[plan.sku_id].sku_part_number,
                    product_name=products[plan.sku_id].product_name,
                    service_plan_id=plan.service_plan_id,
                    service_plan_name=plan.service_plan_name,
                    friendly_name=plan.friendly_name,
                )
                for plan in rows.plans
            ),
        )
    say(f"{counts[0]} products and {counts[1]} of their service plans imported.")
