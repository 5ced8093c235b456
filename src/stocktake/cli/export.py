"""`stocktake export`: a dataset as a file."""

from enum import StrEnum
from typing import Annotated

import typer

from stocktake.cli.installation import chosen, installation
from stocktake.cli.options import AsOf, ConnectorName
from stocktake.cli.output import note


class Format(StrEnum):
    CSV = "csv"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"


def export(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="subscriptions, users, groups, …")],
    form: Annotated[Format, typer.Option("--format", help="Form of the file.")],
    output: Annotated[
        str, typer.Option("--output", metavar="FILE", help="The file; - writes csv and jsonl to standard output.")
    ],
    connector: ConnectorName = None,
    as_of: AsOf = None,
) -> None:
    """Write a dataset to a file, which appears whole or not at all."""
    with installation() as app:
        from stocktake.export.columns import columns_of_view
        from stocktake.export.files import export_rows
        from stocktake.store.reading import completeness, read_dataset, view

        columns = columns_of_view(view(dataset))
        connectors = chosen(app, connector)
        with app.store.read() as connection:
            rows = read_dataset(connection, dataset, connectors, as_of, app.name_of(connection))
            export_rows(rows, columns, form.value, output)
            for line in completeness(connection, dataset, connectors, as_of):
                note(line)
