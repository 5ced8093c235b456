"""The check of the token that a request to Graph carries (graph-facts 7.9)."""

from joserfc import jwt
from joserfc.errors import JoseError

from m365sim.principal import Principal, Verified
from m365sim.refusal import GraphError
from m365sim.world import World

__all__ = ["Principal", "audiences", "authenticate"]

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
_MOST_REMEMBERED = 4096
_SKEW_S = 300  # what Microsoft's validation library forgives in `nbf`


def audiences(world: World) -> frozenset[str]:
    """What `aud` may say in a token for this Graph: its address or Microsoft Graph's application id."""
    return frozenset({world.graph_url, f"{world.graph_url}/", GRAPH_APP_ID})


def authenticate(world: World, authorization: str | None) -> Principal:
    """Who asks. GraphError 401 for a token that is missing, malformed, foreign, for somebody else, or out of its time.

    A header that was verified once costs a look-up from then on.
    """
    if not authorization:
        raise _refusal(world, "Access token is empty.")
    known = world.verified.get(authorization)
    if known is None:
        known = _verify(world, authorization)
        if len(world.verified) >= _MOST_REMEMBERED:
            world.verified.clear()
        world.verified[authorization] = known
    now = world.clock.now()
    if now >= known.expires_at:
        raise _refusal(world, "Lifetime validation failed, the token is expired.")
    if now < known.not_before - _SKEW_S:
        raise _refusal(world, "Lifetime validation failed, the token is not yet valid.")
    return known.principal


def _verify(world: World, authorization: str) -> Verified:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise _refusal(world, "Access token is empty.")
    if token.count(".") != 2:
        raise _refusal(world, "IDX14100: JWT is not well formed, there are no dots (.).")
    try:
        claims = jwt.decode(token.strip(), world.signing_key.private, algorithms=["RS256"]).claims
    except (JoseError, ValueError) as error:
        raise _refusal(world, "Signature is invalid.") from error
    if claims.get("aud") not in audiences(world):
        raise _refusal(world, "Access token validation failure. Invalid audience.")
    tenant = world.tenants.get(str(claims.get("tid")))
    if tenant is None:
        raise _refusal(world, "Access token validation failure. Invalid issuer.")
    principal = Principal(
        tenant,
        client_id=str(claims.get("appid", "")),
        roles=frozenset(claims.get("roles", ())),
        scopes=frozenset(str(claims.get("scp", "")).split()),
        user_id=None if claims.get("idtyp") == "app" else str(claims.get("oid", "")),
        wids=frozenset(claims.get("wids", ())),
    )
    return Verified(principal, int(claims.get("nbf", 0)), int(claims.get("exp", 0)))


def _refusal(world: World, message: str) -> GraphError:
    """The challenge names where to get a token, as Graph's does."""
    challenge = (
        f'Bearer realm="", authorization_uri="{world.login_url}/common/oauth2/authorize", client_id="{GRAPH_APP_ID}"'
    )
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": challenge})
