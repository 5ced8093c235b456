"""grant_type=client_credentials (v2-oauth2-client-creds-grant-flow.md)."""

from collections.abc import Mapping

from m365sim.applications import Application
from m365sim.graph_permissions import GRAPH_APP_ID, SIGN_IN_SCOPES
from m365sim.identity.sign_in_refusals import SignInError, missing
from m365sim.identity.tenants import tenant_named
from m365sim.identity.tokens import application_token
from m365sim.tenant import Tenant
from m365sim.world import World

_DEFAULT = "/.default"


def client_token(
    world: World, tenant_name: str, application: Application, form: Mapping[str, str], proof: str
) -> dict[str, object]:
    """The token answer for an application in its own name."""
    tenant = single_tenant(world, tenant_name)
    _check_scope(world, tenant, form.get("scope"))
    return application_token(world, tenant, application, proof)


def single_tenant(world: World, name: str) -> Tenant:
    """SignInError 9001023 or 50059: an application in its own name has to say where."""
    tenant = tenant_named(world, name)
    if tenant is not None:
        return tenant
    if name.lower() == "organizations":
        text = "No tenant-identifying information found in either the request or implied by any provided credentials."
        raise SignInError(50059, "invalid_request", text)
    raise SignInError(
        9001023,
        "invalid_request",
        "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or "
        "tenant-specific endpoint.",
    )


def _check_scope(world: World, tenant: Tenant, scope: str | None) -> None:
    """Exactly one resource, always with /.default; what sign-in libraries add for people is passed over."""
    if not scope:
        raise missing("scope")
    asked = [item for item in scope.split() if item not in SIGN_IN_SCOPES] or scope.split()
    for item in asked:
        if not item.lower().endswith(_DEFAULT):
            raise SignInError(
                1002012,
                "invalid_scope",
                f"The provided value for scope {scope} is not valid. Client credential flows must have a scope value "
                "with /.default suffixed to the resource identifier (application ID URI).",
            )
    if len(asked) > 1:
        raise SignInError(
            70011,
            "invalid_scope",
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
            f"'scope' is not valid. The scope {scope} is not valid.",
        )
    resource = asked[0][: -len(_DEFAULT)].rstrip("/")
    if not resource:
        raise SignInError(
            70011,
            "invalid_scope",
            f"The provided value for the input parameter 'scope' is not valid. The scope {scope} is not valid.",
        )
    if resource.lower() not in {world.graph_url.lower(), "https://graph.microsoft.com", GRAPH_APP_ID}:
        raise SignInError(
            500011,
            "invalid_resource",
            f"The resource principal named {resource} was not found in the tenant named {tenant.display_name}. This "
            "can happen if the application has not been installed by the administrator of the tenant or consented to "
            "by any user in the tenant. You might have sent your authentication request to the wrong tenant.",
        )
