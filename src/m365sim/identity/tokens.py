"""Access tokens for applications, and the signature on every token (graph-facts 7.7).

`aud` is this Graph's address, as Microsoft's is https://graph.microsoft.com for whoever asks by that address. Graph's
real tokens can't be validated by anybody else and are to be treated as opaque; these can, by the published keys.
"""

import secrets
from random import SystemRandom

from joserfc import jwt

from m365sim.applications import Application
from m365sim.consents import principal_id, roles_in_force
from m365sim.tenant import Tenant
from m365sim.world import World

SHORTEST_S, LONGEST_S = 3600, 5400  # "a random value ranging between 60-90 minutes" (access-tokens.md)
# What the token of every application carries as directory role.
_APPLICATION_WIDS = ["0997a1d0-0d1d-4acb-b408-d5ca73121e90"]
_RANDOM = SystemRandom()


def token_lifetime(world: World) -> int:
    """Seconds."""
    return world.pace.token_lifetime or _RANDOM.randint(SHORTEST_S, LONGEST_S)


def sign(world: World, claims: dict[str, object]) -> str:
    """The JWT, by RS256 with the published key."""
    key = world.signing_key
    return jwt.encode(
        {"typ": "JWT", "alg": "RS256", "x5t": key.key_id, "kid": key.key_id}, claims, key.private, algorithms=["RS256"]
    )


def application_token(world: World, tenant: Tenant, application: Application, proof: str) -> dict[str, object]:
    """The token answer of client_credentials; `proof` is azpacr: 1 for a secret, 2 for a certificate.

    An application that nobody consented to gets a token all the same, without `roles` (graph-facts 7.7).
    """
    now, lifetime = int(world.clock.now()), token_lifetime(world)
    object_id = principal_id(application, tenant.id)
    claims: dict[str, object] = {
        "aud": world.graph_url,
        "iss": f"{world.login_url}/{tenant.id}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + lifetime,
        "app_displayname": application.display_name,
        "appid": application.client_id,
        "azp": application.client_id,
        "appidacr": proof,
        "azpacr": proof,
        "idtyp": "app",
        "oid": object_id,
        "sub": object_id,
        "tid": tenant.id,
        "uti": secrets.token_urlsafe(16),
        "ver": "2.0",
        "wids": _APPLICATION_WIDS,
    }
    if roles := sorted(roles_in_force(world, application, tenant.id)):
        claims["roles"] = roles
    seconds = lifetime - 1  # Microsoft's answers say 3599
    return {
        "token_type": "Bearer",
        "expires_in": seconds,
        "ext_expires_in": seconds,
        "access_token": sign(world, claims),
    }
