"""Domains of the tenant: its names (guide: Custom domain names)."""

from typing import Annotated

from msgspec import Struct, field

from stocktake.catalog.columns import Means
from stocktake.catalog.declaration import Dataset, Stream


class Domain(Struct, rename="camel", gc=False):
    name: Annotated[str, Means("The domain.")] = field(name="id")
    is_default: Annotated[bool | None, Means("True: new accounts get it.")] = None
    is_initial: Annotated[bool | None, Means("True: the domain that Microsoft gave.")] = None
    is_verified: Annotated[bool | None, Means("True: ownership was proved.")] = None


DOMAINS = Stream(
    name="domains",
    meaning="Domains of the tenant.",
    path="/domains",
    item=Domain,
    datasets=(Dataset("domains", record=Domain, key=("name",)),),
    permissions=("Domain.Read.All", "Directory.Read.All"),
    page_sizes=(),
)
