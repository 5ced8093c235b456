"""Instance discovery, OpenID configuration and the published keys (graph-facts 7.6, examples oauth-jwks-common)."""

from base64 import b64encode
from urllib.parse import urlsplit

from aiohttp import web
from cryptography.hazmat.primitives.serialization import Encoding

from m365sim.identity.errors import refused
from m365sim.identity.sign_in_refusals import SignInError, missing
from m365sim.identity.tenants import tenant_named
from m365sim.signing import certificate_of
from m365sim.world import WORLD, World

_CACHED = {"Cache-Control": "max-age=86400, private"}


async def instance(request: web.Request) -> web.Response:
    """Which hosts are one cloud; a foreign one is refused, as Microsoft does."""
    world = request.app[WORLD]
    endpoint = request.query.get("authorization_endpoint")
    ours = urlsplit(world.login_url).netloc
    if not endpoint:
        return refused(world, request, missing("authorization_endpoint"))
    if urlsplit(endpoint).netloc.lower() != ours:
        text = f"Unknown or invalid instance. The authority host is {urlsplit(endpoint).netloc}."
        return refused(world, request, SignInError(50049, "invalid_instance", text))
    tenant = urlsplit(endpoint).path.strip("/").partition("/")[0] or "common"
    return web.json_response(
        {
            "tenant_discovery_endpoint": f"{world.login_url}/{tenant}/v2.0/.well-known/openid-configuration",
            "api-version": request.query.get("api-version", "1.1"),
            "metadata": [{"preferred_network": ours, "preferred_cache": ours, "aliases": [ours]}],
        },
        headers=_CACHED,
    )


async def openid_configuration(request: web.Request) -> web.Response:
    """Endpoints and issuer; the shared tenants keep the literal {tenantid} in the issuer."""
    world, name = request.app[WORLD], request.match_info["tenant"]
    try:
        tenant = tenant_named(world, name)
    except SignInError as refusal:
        error = "invalid_tenant" if refusal.code == 90002 else refusal.error
        return refused(world, request, SignInError(refusal.code, error, refusal.text))
    segment = name.lower() if tenant is None else tenant.id
    issued_by = "{tenantid}" if tenant is None else tenant.id
    return web.json_response(_configuration(world, segment, issued_by), headers=_CACHED)


def _configuration(world: World, segment: str, issued_by: str) -> dict[str, object]:
    root = f"{world.login_url}/{segment}"
    return {
        "token_endpoint": f"{root}/oauth2/v2.0/token",
        "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
        "jwks_uri": f"{root}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{world.login_url}/{issued_by}/v2.0",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"{world.graph_url}/oidc/userinfo",
        "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{root}/oauth2/v2.0/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{root}/oauth2/v2.0/logout",
        "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver"],
        "tenant_region_scope": "EU",
        "cloud_instance_name": urlsplit(world.login_url).netloc,
        "cloud_graph_host_name": urlsplit(world.graph_url).netloc,
        "msgraph_host": urlsplit(world.graph_url).netloc,
        "rbac_url": f"{world.graph_url}/rbac",
    }


async def keys(request: web.Request) -> web.Response:
    """The public half of what tokens are signed with."""
    world = request.app[WORLD]
    key = world.signing_key
    public = key.private.as_dict(private=False)
    certificate = certificate_of(key.pair.certificate_pem).public_bytes(Encoding.DER)
    published = {
        "kty": "RSA",
        "use": "sig",
        "kid": key.key_id,
        "x5t": key.key_id,
        "n": public["n"],
        "e": public["e"],
        "x5c": [b64encode(certificate).decode()],
        "cloud_instance_name": urlsplit(world.login_url).netloc,
        "issuer": f"{world.login_url}/{{tenantid}}/v2.0",
    }
    return web.json_response({"keys": [published]}, headers=_CACHED)
