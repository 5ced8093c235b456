"""The kinds of a dataset's columns, for the formats that have types."""

from stocktake.catalog import datasets
from stocktake.catalog.columns import Column, Kind
from stocktake.store.reading import View

# Columns that reading works out, so that no record of the catalogue declares them.
_DERIVED = {"available": Kind.INTEGER, "product_name": Kind.TEXT, "connector": Kind.TEXT}


def columns_of_view(view: View) -> tuple[Column, ...]:
    """The columns of a dataset as it is exported, `connector` first."""
    declared = {
        column.name: column
        for dataset in sorted(datasets(), key=lambda dataset: dataset.name == view.name)
        for column in dataset.columns
    }
    return tuple(Column(name, _kind(name, view, declared), "") for name in ("connector", *view.columns))


def _kind(name: str, view: View, declared: dict[str, Column]) -> Kind:
    if name in view.lists:
        return Kind.LIST
    if name in view.objects:
        return Kind.JSON
    if name in view.flags:
        return Kind.BOOLEAN
    if name in _DERIVED:
        return _DERIVED[name]
    kind = declared[name].kind if name in declared else Kind.TEXT
    return Kind.TEXT if kind is Kind.OBJECT else kind
