"""`stocktake cloud`: endpoints other than Microsoft's own."""

from pathlib import Path
from typing import Annotated

import typer

from stocktake.cli.installation import installation
from stocktake.cli.options import Json
from stocktake.cli.output import print_json_array, print_rows, say


def add_cloud(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What connectors call it.")],
    login: Annotated[str, typer.Option("--login", metavar="URL", help="Where tokens come from.")],
    graph: Annotated[str, typer.Option("--graph", metavar="URL", help="Where Microsoft Graph is, without a version.")],
    ca_bundle: Annotated[
        Path | None,
        typer.Option("--ca-bundle", metavar="PEM", help="File with the only authorities to trust there."),
    ] = None,
) -> None:
    """Add other endpoints than Microsoft's: a simulator, a proxy."""
    with installation() as app:
        from stocktake.identity.clouds import define_cloud
        from stocktake.store.clouds import add_cloud as keep

        keep(app.store, define_cloud(name, login, graph, ca_bundle.expanduser() if ca_bundle else None))
    say(f"Cloud {name} added. Next: stocktake connector add NAME --cloud {name} …")


def show_clouds(json: Json = False) -> None:
    """List the clouds, Microsoft's own among them."""
    with installation() as app:
        from stocktake.store.clouds import list_clouds

        rows: list[dict[str, object]] = [
            {
                "name": cloud.name,
                "login_url": cloud.login_url,
                "graph_url": cloud.graph_url,
                "own_ca": cloud.ca_bundle is not None,
                "usage_reports": cloud.reports,
            }
            for cloud in list_clouds(app.store)
        ]
    if json:
        print_json_array(rows)
    else:
        print_rows(list(rows[0]), rows)
