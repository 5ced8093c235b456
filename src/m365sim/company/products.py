"""Real products: SKU ids, part numbers, names and service plans.

Source: Microsoft's "Product names and service plan identifiers for licensing", the products that this company bought.
Which plans apply to the company as a whole is not in that list; those of EXCHANGE_S_FOUNDATION's kind are.
"""

import json
from dataclasses import dataclass
from importlib.resources import files

from m365sim.tenant import ServicePlan


@dataclass(slots=True, frozen=True)
class Product:
    part_number: str
    sku_id: str
    name: str  # Microsoft's display name, in its spelling
    plans: tuple[ServicePlan, ...]

    def plan_id(self, name: str) -> str:
        """The id of one of its service plans; KeyError if the product does not hold it."""
        for plan in self.plans:
            if plan.name == name:
                return plan.id
        raise KeyError(name)


def _read() -> dict[str, Product]:
    facts = json.loads(files("m365sim.company").joinpath("products.json").read_text(encoding="utf-8"))
    company = set(facts["company_plans"])
    plans = {
        name: ServicePlan(plan_id, name, "Company" if name in company else "User")
        for name, plan_id in facts["plans"].items()
    }
    return {
        sku["part"]: Product(sku["part"], sku["id"], sku["name"], tuple(plans[name] for name in sku["plans"]))
        for sku in facts["skus"]
    }


PRODUCTS: dict[str, Product] = _read()
PRODUCTS_BY_SKU: dict[str, Product] = {product.sku_id: product for product in PRODUCTS.values()}
