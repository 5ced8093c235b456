"""Service principals: applications and managed identities that the tenant knows (serviceprincipal-list.md).

They can be members of groups that give licences, and they hold the consent that lets a program read the tenant.
"""

from typing import Annotated

from msgspec import Struct, field

from stocktake.catalog.columns import Means, ObjectId
from stocktake.catalog.declaration import Dataset, Stream


class ServicePrincipal(Struct, rename="camel", gc=False):
    id: Annotated[ObjectId, Means("Object id in this tenant.")]
    app_id: Annotated[str | None, Means("Identifier of the application, the same in every tenant.")] = None
    display_name: Annotated[str | None, Means("Name.")] = None
    account_enabled: Annotated[bool | None, Means("False: nobody can sign in to it, nor it to the tenant.")] = None
    kind: Annotated[str | None, Means("Application, ManagedIdentity, Legacy or SocialIdp.")] = field(
        default=None, name="servicePrincipalType"
    )
    owner_tenant_id: Annotated[str | None, Means("Tenant that registered the application; null for the oldest.")] = (
        field(default=None, name="appOwnerOrganizationId")
    )


SERVICE_PRINCIPALS = Stream(
    name="service_principals",
    meaning="Applications and managed identities that the tenant knows.",
    path="/servicePrincipals",
    item=ServicePrincipal,
    datasets=(Dataset("service_principals", record=ServicePrincipal, key=("id",)),),
    permissions=("Application.Read.All", "Directory.Read.All"),
    optional=True,
)
