"""Terms: each purchase behind a product, and when it moves to its next state (graph-facts 1.5).

`next_lifecycle_at` is not a contractual renewal date: it says when the status changes if nobody renews.
"""

from typing import Annotated

from msgspec import Struct, field

from stocktake.catalog.columns import Instant, Means
from stocktake.catalog.declaration import Dataset, Stream


class Term(Struct, rename="camel", gc=False):
    subscription_id: Annotated[str, Means("Identifier of the purchase.")] = field(name="id")
    sku_id: Annotated[str | None, Means("The product.")] = None
    status: Annotated[str | None, Means("Enabled, Warning, Suspended, Deleted or LockedOut.")] = None
    total: Annotated[int | None, Means("Seats bought.")] = field(default=None, name="totalLicenses")
    is_trial: Annotated[bool | None, Means("True: a trial.")] = None
    created_at: Annotated[Instant | None, Means("When the subscription was created.")] = field(
        default=None, name="createdDateTime"
    )
    next_lifecycle_at: Annotated[
        Instant | None, Means("When the status changes if nobody renews; null where Microsoft says none.")
    ] = field(default=None, name="nextLifecycleDateTime")
    sku_part_number: Annotated[str | None, Means("Microsoft's part number.")] = None
    commerce_subscription_id: Annotated[str | None, Means("The purchase in Microsoft's commerce system.")] = None


TERMS = Stream(
    name="terms",
    meaning="Purchases behind the products, and when they change state.",
    path="/directory/subscriptions",
    item=Term,
    datasets=(Dataset("terms", record=Term, key=("subscription_id",)),),
    permissions=("Organization.Read.All", "Directory.Read.All"),
    page_sizes=(),
)
