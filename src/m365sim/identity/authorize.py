"""/authorize and /adminconsent: reading the request (v2-oauth2-auth-code-flow.md, v2-admin-consent.md)."""

from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

from aiohttp import web

from m365sim.applications import Application
from m365sim.consents import usable_in
from m365sim.identity import sign_in_refusals
from m365sim.identity.replies import refuse
from m365sim.identity.scopes import scopes_of
from m365sim.identity.sessions import open_request, remember, session_of
from m365sim.identity.sign_in_refusals import SignInError
from m365sim.identity.walk import ANY_TENANT, Walk, step
from m365sim.signed_in import SignInRequest
from m365sim.world import WORLD, World

_PROMPTS = frozenset({"login", "none", "consent", "select_account", "admin_consent"})
_CHALLENGE_SIZES = range(43, 129)  # RFC 7636


async def authorize(request: web.Request) -> web.Response:
    """GET or POST /{tenant}/oauth2/v2.0/authorize"""
    return await _begin(request, _read_authorize)


async def admin_consent(request: web.Request) -> web.Response:
    """GET /{tenant}/v2.0/adminconsent"""
    return await _begin(request, _read_admin_consent)


async def admin_consent_v1(request: web.Request) -> web.Response:
    """GET /{tenant}/adminconsent: grants what the registration lists."""
    return await _begin(request, _read_admin_consent_v1)


Reader = Callable[[World, SignInRequest, Mapping[str, str]], None]


async def _begin(request: web.Request, read: Reader) -> web.Response:
    world = request.app[WORLD]
    given = {name: str(value) for name, value in (await request.post()).items()}
    fields: dict[str, str] = {**request.query, **given}
    wanted = SignInRequest("authorize", request.match_info["tenant"])
    try:
        read(world, wanted, fields)
    except SignInError as refusal:
        return refuse(world, wanted, refusal)
    return begin(request, wanted)


def begin(request: web.Request, wanted: SignInRequest) -> web.Response:
    """Show the first page of a request that has been read."""
    world = request.app[WORLD]
    key, session = session_of(world, request)
    response = step(Walk(world, session, open_request(world, wanted), wanted))
    remember(response, key)
    return response


def _read_authorize(world: World, wanted: SignInRequest, fields: Mapping[str, str]) -> None:
    application = _application(world, wanted, fields)
    address = _redirect_uri(application, fields)
    wanted.state = fields.get("state")
    wanted.redirect_uri = address
    wanted.response_mode = _response_mode(fields)
    _check_response_type(fields)
    scopes = scopes_of(world, fields.get("scope", ""), application.display_name)
    wanted.scopes, wanted.static = scopes.names, scopes.static
    wanted.nonce = fields.get("nonce")
    wanted.prompt = _prompt(fields)
    wanted.login_hint = fields.get("login_hint", "")
    wanted.domain_hint = fields.get("domain_hint", "")
    _read_challenge(wanted, fields)


def _read_admin_consent(world: World, wanted: SignInRequest, fields: Mapping[str, str]) -> None:
    _read_consent_request(world, wanted, fields, "adminconsent")
    application = world.applications[wanted.client_id]
    scopes = scopes_of(world, fields.get("scope", ""), application.display_name)
    wanted.scopes, wanted.static = scopes.names, scopes.static


def _read_admin_consent_v1(world: World, wanted: SignInRequest, fields: Mapping[str, str]) -> None:
    _read_consent_request(world, wanted, fields, "adminconsent_v1")


def _read_consent_request(world: World, wanted: SignInRequest, fields: Mapping[str, str], purpose: str) -> None:
    if wanted.tenant.lower() == "common" and purpose == "adminconsent":
        raise SignInError(
            90019,
            "invalid_request",
            "No tenant-identifying information found in either the request or implied by any provided credentials.",
            on_page=True,
        )
    wanted.purpose = purpose
    application = _application(world, wanted, fields)
    wanted.state = fields.get("state")
    wanted.redirect_uri = _redirect_uri(application, fields)


def _application(world: World, wanted: SignInRequest, fields: Mapping[str, str]) -> Application:
    """The registration that asks; sets client and tenant of the request."""
    name = wanted.tenant.lower()
    tenant = None if name in ANY_TENANT else world.tenant_of(name)
    if tenant is None and name not in ANY_TENANT:
        raise sign_in_refusals.unknown_tenant(wanted.tenant)
    client_id = fields.get("client_id", "").lower()
    if not client_id:
        raise sign_in_refusals.missing("client_id", on_page=True)
    application = world.applications.get(client_id)
    if application is None or (tenant is not None and not usable_in(application, tenant.id)):
        raise sign_in_refusals.unknown_application(client_id, wanted.tenant if tenant is None else tenant.display_name)
    if tenant is None and not application.multi_tenant:
        raise SignInError(
            50194,
            "invalid_request",
            f"Application '{client_id}'({application.display_name}) is not configured as a multi-tenant application. "
            f"Usage of the /{name} endpoint is not supported for such apps created after '10/15/2018'. Use a "
            "tenant-specific endpoint or configure the application to be multi-tenant.",
            on_page=True,
        )
    wanted.client_id = client_id
    wanted.tenant = name if tenant is None else tenant.id
    return application


def _redirect_uri(application: Application, fields: Mapping[str, str]) -> str:
    registered = [*application.redirect_uris, *application.public_redirect_uris]
    address = fields.get("redirect_uri")
    if address is None and registered:
        return registered[0]
    if address is None:
        raise SignInError(
            900971, "invalid_request", "No reply address provided and the application has none.", on_page=True
        )
    if not any(redirect_matches(address, known) for known in registered):
        raise sign_in_refusals.redirect_mismatch(address, application.client_id)
    return address


def redirect_matches(address: str, registered: str) -> bool:
    """Exactly the same, but for the port of http://localhost, which Microsoft ignores (reply-url.md)."""
    if address == registered:
        return True
    try:
        left, right = urlsplit(address), urlsplit(registered)
        local = left.scheme == right.scheme == "http" and left.hostname == right.hostname == "localhost"
        return local and left.port is not None and left._replace(netloc="") == right._replace(netloc="")
    except ValueError:
        return False


def _response_mode(fields: Mapping[str, str]) -> str:
    mode = fields.get("response_mode", "query")
    if mode not in {"query", "fragment", "form_post"}:
        raise SignInError(
            70007, "unsupported_response_type", f"'{mode}' is not a supported value of 'response_mode' for the request."
        )
    return mode


def _check_response_type(fields: Mapping[str, str]) -> None:
    asked = fields.get("response_type", "")
    if not asked:
        raise sign_in_refusals.missing("response_type")
    if asked != "code":
        raise SignInError(
            70005,
            "unsupported_response_type",
            f"response_type '{asked}' is not supported for the application.",
        )


def _prompt(fields: Mapping[str, str]) -> frozenset[str]:
    prompt = frozenset(fields.get("prompt", "").split())
    if prompt - _PROMPTS or ("none" in prompt and len(prompt) > 1):
        raise SignInError(
            90023, "invalid_request", f"'{fields['prompt']}' is not a supported value of 'prompt' for the request."
        )
    return prompt


def _read_challenge(wanted: SignInRequest, fields: Mapping[str, str]) -> None:
    challenge = fields.get("code_challenge")
    if challenge is None:
        return
    method = fields.get("code_challenge_method", "plain")
    if method not in {"S256", "plain"}:
        raise SignInError(501491, "invalid_request", f"'{method}' is not a supported value of 'code_challenge_method'.")
    if len(challenge) not in _CHALLENGE_SIZES:
        raise SignInError(50147, "invalid_request", "The size of the code challenge parameter isn't valid.")
    wanted.challenge, wanted.challenge_method = challenge, method
