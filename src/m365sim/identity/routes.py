"""The addresses of the identity platform that programs call."""

from aiohttp import web

from m365sim.identity import discovery, token_endpoint


def add_routes(app: web.Application) -> None:
    """The application holds the world as app[WORLD]."""
    app.router.add_get("/common/discovery/instance", discovery.instance)
    app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", discovery.openid_configuration)
    app.router.add_get("/{tenant}/discovery/v2.0/keys", discovery.keys)
    app.router.add_post("/{tenant}/oauth2/v2.0/token", token_endpoint.token)
    app.router.add_route("*", "/{tenant}/oauth2/v2.0/token", token_endpoint.not_post)
