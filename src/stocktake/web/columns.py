"""The columns of a dataset as a grid shows them: labels for people, meanings from the catalogue."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

from stocktake.catalog import datasets
from stocktake.export.columns import columns_of_view
from stocktake.store.grids import product_lookup
from stocktake.store.reading import View
from stocktake.web.grid import GridColumn

LABELS: Mapping[str, str] = {
    "account_enabled": "Enabled",
    "applies_to": "Applies to",
    "available": "Available",
    "company_name": "Company",
    "consumed": "Assigned",
    "cost_center": "Cost centre",
    "created_at": "Created",
    "display_name": "Name",
    "dynamic": "Dynamic",
    "employee_id": "Employee no.",
    "enabled": "Active",
    "group_id": "Group id",
    "id": "Object id",
    "kind": "Kind",
    "last_activity_on": "Last activity",
    "last_sign_in_at": "Last attempt",
    "last_successful_sign_in_at": "Last sign-in",
    "licence_sku_ids": "Licences given",
    "locked_out": "Locked out",
    "office_location": "Office",
    "on_premises_sync_enabled": "Synced from on-premises",
    "capability_status": "Status",
    "product_name": "Product",
    "refreshed_on": "Report as of",
    "period": "Days covered",
    "sku_id": "SKU id",
    "sku_part_number": "Part number",
    "subscription_ids": "Subscription ids",
    "user_id": "User id",
    "user_principal_name": "Sign-in name",
    "user_type": "Type",
    "warning": "In grace period",
}
# What a dash says, where nothing in a column is more than an empty field.
ABSENT: Mapping[str, str] = {
    "account_enabled": "not known",
    "available": "not known",
    "consumed": "not known",
    "enabled": "not known",
    "last_activity_on": "no activity known",
    "last_sign_in_at": "no sign-in known",
    "last_successful_sign_in_at": "no successful sign-in known",
    "locked_out": "not known",
    "refreshed_on": "not known",
    "suspended": "not known",
    "user_id": "not matched to a user",
    "warning": "not known",
}


def columns_for(view: View, shown: tuple[str, ...]) -> tuple[GridColumn, ...]:
    """Every column of the view, those named in `shown` first and in that order."""
    kinds = {column.name: column.kind for column in columns_of_view(view)}
    meanings = _meanings(view)
    made = [
        GridColumn(
            name=name,
            label=LABELS.get(name, name.replace("_", " ").capitalize()),
            kind=kinds[name],
            sql=view.derived.get(name, f"t.{name}"),
            meaning=meanings.get(name, ""),
            shown=name in shown,
            absent=ABSENT.get(name, "none"),
        )
        for name in view.columns
    ]
    made = [
        replace(column, sql=partial(_product_name, "t.sku_id")) if column.name == "product_name" else column
        for column in made
    ]
    return tuple(sorted(made, key=lambda column: shown.index(column.name) if column.shown else len(shown)))


def _product_name(sku: str, sqlite: bool) -> str:
    return product_lookup(sku, sqlite=sqlite)


def _meanings(view: View) -> dict[str, str]:
    """From the dataset of the view's own name, else from any that has a column of that name."""
    ordered = sorted(datasets(), key=lambda dataset: dataset.name == view.name)
    return {column.name: column.meaning for dataset in ordered for column in dataset.columns}
