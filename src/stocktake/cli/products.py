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
        from stocktake.store.products import replace_catalogue

        replace_catalogue(app.store, rows)
    say(f"{len(rows.products)} products and {len(rows.plans)} of their service plans imported.")
