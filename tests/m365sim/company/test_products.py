"""The products are Microsoft's: ids, names and plans as its list has them."""

import csv

from tests.contract import CONTRACT, needs_contract

from m365sim.company.products import PRODUCTS, PRODUCTS_BY_SKU


def test_ids_lead_back_to_their_product() -> None:
    assert len(PRODUCTS_BY_SKU) == len(PRODUCTS)
    assert all(PRODUCTS_BY_SKU[product.sku_id] is product for product in PRODUCTS.values())
    assert all(len({plan.id for plan in product.plans}) == len(product.plans) > 0 for product in PRODUCTS.values())


@needs_contract
def test_agree_with_what_microsoft_published() -> None:
    published: dict[str, tuple[str, str, set[str]]] = {}
    with (CONTRACT / "sku-catalogue.csv").open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            entry = published.setdefault(row["guid"], (row["string_id"], row["product_display_name"], set()))
            entry[2].add(row["service_plan_id"])
    for product in PRODUCTS.values():
        found = (product.part_number, product.name, {plan.id for plan in product.plans})
        assert published[product.sku_id] == found
