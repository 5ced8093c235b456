"""/subscribedSkus and /directory/subscriptions (graph-facts 1.4, 1.5)."""

from typing import TypeVar

from m365sim.clock import iso
from m365sim.graph.caches import remembered
from m365sim.graph.errors import GraphError, not_found
from m365sim.graph.filters import filter_of
from m365sim.graph.odata import SELECT_ONLY, Selection, options_of, selection_of
from m365sim.graph.permissions import require
from m365sim.graph.request import Answer, GraphRequest, entity, whole
from m365sim.graph.schema import Entity, Property
from m365sim.graph.user_schema import plan_rows
from m365sim.tenant import Sku, Subscription, Tenant

T = TypeVar("T")


def _consumed(tenant: Tenant, sku: Sku) -> int:
    return remembered(tenant, "consumed", tenant.revision, tenant.consumed)[sku.sku_id]


def _by_name(properties: list[Property[T]]) -> dict[str, Property[T]]:
    return {item.name.lower(): item for item in properties}


SUBSCRIBED_SKU: Entity[Sku] = Entity(
    "microsoft.graph.subscribedSku",
    "SubscribedSku",
    _by_name(
        [
            Property("accountName", lambda tenant, _: tenant.display_name, default=True),
            Property("accountId", lambda tenant, _: tenant.id, default=True),
            Property("appliesTo", lambda _, sku: sku.applies_to, default=True),
            Property("capabilityStatus", lambda _, sku: sku.capability_status, default=True),
            Property("consumedUnits", _consumed, default=True),
            Property("id", lambda tenant, sku: f"{tenant.id}_{sku.sku_id}", default=True),
            Property(
                "prepaidUnits",
                lambda _, sku: {
                    "enabled": sku.enabled,
                    "suspended": sku.suspended,
                    "warning": sku.warning,
                    "lockedOut": sku.locked_out,
                },
                default=True,
            ),
            Property("servicePlans", lambda _, sku: plan_rows(sku), default=True),
            Property("skuId", lambda _, sku: sku.sku_id, default=True),
            Property("skuPartNumber", lambda _, sku: sku.part_number, default=True),
            Property("subscriptionIds", lambda _, sku: [item.id for item in sku.subscriptions], default=True),
        ]
    ),
)


def subscribed_skus(request: GraphRequest) -> Answer:
    """GET /subscribedSkus: all in one answer, $select alone (subscribedsku-list.md)."""
    require(request, "subscribedSkus")
    selection = selection_of(options_of(request, SELECT_ONLY).get("$select"), SUBSCRIBED_SKU)
    rows = [selection.row(request.tenant, sku) for sku in request.tenant.skus.values()]
    return whole(request, f"subscribedSkus{selection.context}", rows)


def subscribed_sku(request: GraphRequest) -> Answer:
    """GET /subscribedSkus/{tenant id}_{sku id}"""
    require(request, "subscribedSkus")
    selection = selection_of(options_of(request, SELECT_ONLY).get("$select"), SUBSCRIBED_SKU)
    tenant_id, _, sku_id = request.parameters[0].lower().partition("_")
    sku = request.tenant.skus.get(sku_id)
    if sku is None or tenant_id != request.tenant.id:
        raise not_found(request.parameters[0])
    return entity(request, f"subscribedSkus{selection.context}/$entity", selection.row(request.tenant, sku))


Purchase = tuple[Sku, Subscription]
_COMPARED = frozenset({"eq", "ne", "ge", "le", "in"})


def _next_lifecycle(_tenant: Tenant, purchase: Purchase) -> str | None:
    at = purchase[1].next_lifecycle_at
    return None if at is None else iso(at)


SUBSCRIPTION: Entity[Purchase] = Entity(
    "microsoft.graph.companySubscription",
    "CompanySubscription",
    _by_name(
        [
            Property("createdDateTime", lambda _, it: iso(it[1].created_at), _COMPARED, default=True),
            Property("commerceSubscriptionId", lambda _, it: it[1].commerce_subscription_id, _COMPARED, default=True),
            Property("id", lambda _, it: it[1].id, _COMPARED, default=True),
            Property("isTrial", lambda _, it: it[1].is_trial, _COMPARED, default=True),
            Property("nextLifecycleDateTime", _next_lifecycle, _COMPARED, default=True),
            Property("serviceStatus", lambda _, it: plan_rows(it[0]), default=True),
            Property("skuId", lambda _, it: it[0].sku_id, _COMPARED, default=True),
            Property("skuPartNumber", lambda _, it: it[0].part_number, _COMPARED, default=True),
            Property("status", lambda _, it: it[1].status, _COMPARED, default=True),
            Property("totalLicenses", lambda _, it: it[1].total, _COMPARED, default=True),
            Property("ownerId", lambda _, it: None, default=True),
            Property("ownerTenantId", lambda _, it: None, default=True),
            Property("ownerType", lambda _, it: None, default=True),
        ]
    ),
)


def subscriptions(request: GraphRequest) -> Answer:
    """GET /directory/subscriptions: no paging ($top and $skip not supported, CSDL annotations), $filter works."""
    require(request, "subscriptions")
    options = options_of(request, frozenset({"$select", "$filter"}))
    selection: Selection[Purchase] = selection_of(options.get("$select"), SUBSCRIPTION)
    purchases = _purchases(request.tenant)
    if text := options.get("$filter"):
        test = filter_of(text, SUBSCRIPTION, request.tenant, advanced=True)
        purchases = [purchase for purchase in purchases if test(purchase)]
    rows = [selection.row(request.tenant, purchase) for purchase in purchases]
    return whole(request, f"directory/subscriptions{selection.context}", rows)


def subscription(request: GraphRequest) -> Answer:
    """GET /directory/subscriptions/{id}"""
    require(request, "subscriptions")
    selection: Selection[Purchase] = selection_of(options_of(request, SELECT_ONLY).get("$select"), SUBSCRIPTION)
    wanted = request.parameters[0].lower()
    for purchase in _purchases(request.tenant):
        if purchase[1].id == wanted:
            row = selection.row(request.tenant, purchase)
            return entity(request, f"directory/subscriptions{selection.context}/$entity", row)
    # The code that a third party recorded for this endpoint (graph-facts 1.5).
    raise GraphError(404, "Directory_ObjectNotFound", "Unable to read the company information from the directory.")


def _purchases(tenant: Tenant) -> list[Purchase]:
    return [(sku, item) for sku in tenant.skus.values() for item in sku.subscriptions]
