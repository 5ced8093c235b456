"""Microsoft's CSV of product names and service plan identifiers, as it is downloaded from its documentation."""

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from uuid import UUID

from stocktake.errors import UsageError

REMEDY = "download it again from Microsoft's page “Product names and service plan identifiers for licensing”"

# Column -> the ways in which Microsoft has written its heading, lower-cased, over the years.
_HEADINGS: dict[str, tuple[str, ...]] = {
    "product_name": ("product_display_name", "product name"),
    "sku_part_number": ("string_id", "string id"),
    "sku_id": ("guid",),
    "plan_name": ("service_plan_name", "service plan name"),
    "plan_id": ("service_plan_id", "service plan id"),
    "plan_friendly_name": ("service_plan_friendly_name", "service_plans_included_friendly_names"),
}


@dataclass(frozen=True, slots=True)
class CatalogueProduct:
    sku_id: str  # lower case
    sku_part_number: str
    product_name: str


@dataclass(frozen=True, slots=True)
class CataloguePlan:
    """One service plan of one product."""

    sku_id: str  # lower case
    service_plan_id: str  # lower case
    service_plan_name: str
    friendly_name: str


@dataclass(frozen=True, slots=True)
class CatalogueRows:
    """Each product once, and each (product, plan) once, in the order of the file."""

    products: tuple[CatalogueProduct, ...]
    plans: tuple[CataloguePlan, ...]


def read_catalogue(path: Path) -> CatalogueRows:
    """The catalogue in a file; UsageError in one line, with the row where there is one, for a file that is none."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as source:
            return _read(source, path)
    except OSError as error:
        raise UsageError(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text", "save it as “CSV UTF-8”, or " + REMEDY) from None


def _read(source: TextIO, path: Path) -> CatalogueRows:
    products: dict[str, CatalogueProduct] = {}
    plans: dict[tuple[str, str], CataloguePlan] = {}
    for line, row in _rows(source, path):
        where = f"{path}, row {line}"
        sku_id = _guid(row["sku_id"], f"{where}: the product's GUID")
        if not row["product_name"] or not row["sku_part_number"]:
            raise UsageError(f"{where}: the product has no name", REMEDY)
        products.setdefault(sku_id, CatalogueProduct(sku_id, row["sku_part_number"], row["product_name"]))
        if row["plan_id"]:
            plan_id = _guid(row["plan_id"], f"{where}: the service plan's GUID")
            friendly = row["plan_friendly_name"] or row["plan_name"]
            plans.setdefault((sku_id, plan_id), CataloguePlan(sku_id, plan_id, row["plan_name"], friendly))
    if not products:
        raise UsageError(f"{path} holds no product", REMEDY)
    return CatalogueRows(tuple(products.values()), tuple(plans.values()))


def _rows(source: TextIO, path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.reader(source)
    try:
        header = next(reader, None)
        if header is None:
            raise UsageError(f"{path} is empty", REMEDY)
        positions = _positions(header, path)
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if len(cells) <= max(positions.values()):
                    raise UsageError(f"{path}, row {reader.line_num}: has {len(cells)} columns only", REMEDY)
                yield reader.line_num, {name: cells[at].strip() for name, at in positions.items()}
    except csv.Error as error:
        raise UsageError(f"{path}, row {reader.line_num}: {error}", REMEDY) from None


def _positions(header: list[str], path: Path) -> Mapping[str, int]:
    found = {heading.strip().lower(): at for at, heading in enumerate(header)}
    positions = {column: found[name] for column, names in _HEADINGS.items() for name in names[::-1] if name in found}
    missing = [names[0] for column, names in _HEADINGS.items() if column not in positions]
    if missing:
        raise UsageError(f"{path} lacks the column {missing[0]}", REMEDY)
    return positions


def _guid(text: str, what: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise UsageError(f"{what} is {text[:60]!r}, which is none", REMEDY) from None
