"""The tenant itself (graph-facts 1.7)."""

from typing import Annotated

from msgspec import Struct, field

from stocktake.catalog.columns import Instant, Means
from stocktake.catalog.declaration import Dataset, Stream


class Organization(Struct, rename="camel", gc=False):
    tenant_id: Annotated[str, Means("Tenant id.")] = field(name="id")
    display_name: Annotated[str | None, Means("Name of the organisation.")] = None
    country_letter_code: Annotated[str | None, Means("Country, two letters.")] = None
    tenant_type: Annotated[str | None, Means("AAD, AAD B2C or CIAM.")] = None
    created_at: Annotated[Instant | None, Means("When the tenant was created.")] = field(
        default=None, name="createdDateTime"
    )


ORGANIZATION = Stream(
    name="organization",
    meaning="The tenant.",
    path="/organization",
    item=Organization,
    datasets=(Dataset("organization", record=Organization, key=("tenant_id",)),),
    permissions=("Organization.Read.All", "Directory.Read.All"),
    page_sizes=(),
)
