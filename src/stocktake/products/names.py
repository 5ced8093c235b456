"""Product names for people: an imported catalogue first, then our own table of common products, then the part number.

The table (common_skus.csv) holds facts of Microsoft's "Product names and service plan identifiers for licensing",
as of August 2026. Graph itself gives part numbers and ids alone.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType


@cache
def common_products() -> Mapping[str, tuple[str, str]]:
    """sku id (lower case) -> (part number, product name) of the products that we know without an import."""
    with files("stocktake.products").joinpath("common_skus.csv").open(encoding="utf-8") as source:
        rows = csv.DictReader(source)
        return MappingProxyType({row["sku_id"]: (row["sku_part_number"], row["product_name"]) for row in rows})


@cache
def _names_by_part_number() -> Mapping[str, str]:
    return MappingProxyType({part.upper(): name for part, name in common_products().values()})


def product_name(part_number: str, sku_id: str, imported: Mapping[str, str]) -> str:
    """The name of a product; `imported` maps sku id (lower case) to name. Never empty unless the part number is."""
    key = sku_id.lower()
    if name := imported.get(key):
        return name
    if known := common_products().get(key):
        return known[1]
    return _names_by_part_number().get(part_number.upper(), part_number)
