"""Subscribed SKUs: what the tenant owns of each product, and the service plans inside (graph-facts 1.4)."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from msgspec import Struct

from stocktake.catalog.columns import Means
from stocktake.catalog.declaration import Dataset, Stream


class Units(Struct, rename="camel", gc=False):
    enabled: int | None = None
    warning: int | None = None
    suspended: int | None = None
    locked_out: int | None = None


class Plan(Struct, rename="camel", gc=False):
    service_plan_id: str
    service_plan_name: str | None = None
    provisioning_status: str | None = None
    applies_to: str | None = None


class SubscribedSku(Struct, rename="camel", gc=False):
    sku_id: str
    sku_part_number: str | None = None
    capability_status: str | None = None
    applies_to: str | None = None
    consumed_units: int | None = None
    prepaid_units: Units | None = None
    service_plans: list[Plan] | None = None
    subscription_ids: list[str] | None = None


class Subscription(NamedTuple):
    sku_id: Annotated[str, Means("Identifier of the product, the same in every tenant.")]
    sku_part_number: Annotated[str | None, Means("Microsoft's part number, for example SPE_E5.")]
    capability_status: Annotated[str | None, Means("Enabled, Warning, Suspended, Deleted or LockedOut.")]
    enabled: Annotated[int | None, Means("Seats in good standing.")]
    warning: Annotated[int | None, Means("Seats of expired subscriptions in their grace period; still usable.")]
    suspended: Annotated[int | None, Means("Seats of cancelled subscriptions; they can't be assigned.")]
    locked_out: Annotated[int | None, Means("Seats of locked subscriptions.")]
    consumed: Annotated[int | None, Means("Seats that Microsoft counts as assigned.")]
    applies_to: Annotated[str | None, Means("User or Company.")]
    subscription_ids: Annotated[tuple[str, ...], Means("The purchases behind the product: see terms.")]


class ServicePlan(NamedTuple):
    sku_id: Annotated[str, Means("The product.")]
    service_plan_id: Annotated[str, Means("The plan.")]
    service_plan_name: Annotated[str | None, Means("Microsoft's name of the plan, for example EXCHANGE_S_ENTERPRISE.")]
    provisioning_status: Annotated[str | None, Means("Success, Disabled, PendingInput, PendingActivation, ...")]
    applies_to: Annotated[str | None, Means("User or Company.")]


def subscriptions_of(sku: SubscribedSku) -> Iterator[Subscription]:
    units = sku.prepaid_units or Units()
    yield Subscription(
        sku_id=sku.sku_id.lower(),
        sku_part_number=sku.sku_part_number,
        capability_status=sku.capability_status,
        enabled=units.enabled,
        warning=units.warning,
        suspended=units.suspended,
        locked_out=units.locked_out,
        consumed=sku.consumed_units,
        applies_to=sku.applies_to,
        subscription_ids=tuple(sorted(sku.subscription_ids or ())),
    )


def service_plans_of(sku: SubscribedSku) -> Iterator[ServicePlan]:
    for plan in sku.service_plans or ():
        yield ServicePlan(
            sku.sku_id.lower(),
            plan.service_plan_id.lower(),
            plan.service_plan_name,
            plan.provisioning_status,
            plan.applies_to,
        )


SUBSCRIBED_SKUS = Stream(
    name="subscribed_skus",
    meaning="Products that the tenant owns, and how many seats are assigned.",
    path="/subscribedSkus",
    item=SubscribedSku,
    datasets=(
        Dataset("subscriptions", record=Subscription, key=("sku_id",), rows=subscriptions_of),
        Dataset("service_plans", record=ServicePlan, key=("sku_id", "service_plan_id"), rows=service_plans_of),
    ),
    permissions=("LicenseAssignment.Read.All", "Organization.Read.All", "Directory.Read.All"),
    page_sizes=(),
)
