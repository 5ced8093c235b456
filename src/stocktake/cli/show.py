"""`stocktake show`: what was read, on the screen."""

from typing import TYPE_CHECKING, Annotated

import typer

from stocktake.cli.installation import chosen, installation
from stocktake.cli.options import AsOf, ConnectorName, Json
from stocktake.cli.output import Row, note, print_json_array, print_rows

if TYPE_CHECKING:
    from stocktake.app import App

RUNS = "runs"


def show(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="subscriptions, users, …, or runs.")],
    connector: ConnectorName = None,
    as_of: AsOf = None,
    json: Json = False,
) -> None:
    """Print a dataset."""
    with installation() as app:
        if dataset == RUNS:
            _show_runs(app, connector, json)
            return
        from stocktake.store.reading import completeness, read_dataset, view

        found = view(dataset)
        connectors = chosen(app, connector)
        with app.store.read() as connection:
            rows = read_dataset(connection, dataset, connectors, as_of, app.name_of(connection))
            if json:
                print_json_array(rows)
            elif connectors:
                print_rows(("connector", *found.columns), rows)
            for line in completeness(connection, dataset, connectors, as_of):
                note(line)
    if not connectors:
        note("There is no connector yet: add one with `stocktake connector add`, or see `stocktake demo`.")


def _show_runs(app: "App", name: str | None, json: bool) -> None:
    from stocktake.store.runs import list_runs

    chosen(app, name)
    with app.store.read() as connection:
        rows: list[Row] = list_runs(connection, name)
    if json:
        print_json_array(rows)
    elif rows:
        print_rows(list(rows[0]), rows)
    else:
        note("There is no run yet: start one with `stocktake sync`.")
