"""The `scope` parameter of the interactive endpoints: which delegated permissions of Graph are asked for."""

from dataclasses import dataclass

from m365sim.graph_permissions import GRAPH_APP_ID, SIGN_IN_SCOPES, scope_named
from m365sim.identity.sign_in_refusals import SignInError, missing
from m365sim.world import World


@dataclass(slots=True, frozen=True)
class Scopes:
    """`static`: /.default was asked for, that is, what the registration lists."""

    names: tuple[str, ...]
    static: bool


def scopes_of(world: World, text: str, application_name: str) -> Scopes:
    """SignInError for a resource or permission that there is not, and for an empty scope."""
    names: list[str] = []
    static = False
    for item in text.split():
        name = _without_resource(world, item)
        if name == ".default":
            static = True
            continue
        permission = scope_named(name)
        if permission is None:
            raise SignInError(
                650053,
                "invalid_client",
                f"The application '{application_name}' asked for scope '{name}' that doesn't exist on the resource "
                f"'{GRAPH_APP_ID}'. Contact the app vendor.",
            )
        if permission.value not in names:
            names.append(permission.value)
    if not names and not static:
        raise missing("scope")
    if static and any(name not in SIGN_IN_SCOPES for name in names):
        raise SignInError(
            70011,
            "invalid_scope",
            "The provided request must include a 'scope' input parameter. The provided value for the input parameter "
            f"'scope' is not valid. .default scope can't be combined with resource-specific scopes: '{text}'.",
        )
    return Scopes(tuple(names), static)


def without_sign_in(names: tuple[str, ...] | set[str] | list[str]) -> list[str]:
    """The permissions proper."""
    return sorted(name for name in names if name not in SIGN_IN_SCOPES)


def _without_resource(world: World, item: str) -> str:
    for resource in (world.graph_url, "https://graph.microsoft.com", GRAPH_APP_ID):
        if item.lower().startswith(f"{resource.lower()}/"):
            return item[len(resource) + 1 :].lstrip("/")
    if "/" in item:
        resource = item.rpartition("/")[0]
        raise SignInError(
            500011,
            "invalid_resource",
            f"The resource principal named {resource} was not found in the tenant. This can happen if the application "
            "has not been installed by the administrator of the tenant or consented to by any user in the tenant.",
        )
    return item
