"""The addresses of the identity platform: those that programs call, then those that browsers go to."""

from aiohttp import web

from m365sim.identity import authorize, device, discovery, people_sign_in, token_endpoint


def add_routes(app: web.Application) -> None:
    """The application holds the world as app[WORLD]."""
    app.router.add_get("/common/discovery/instance", discovery.instance)
    app.router.add_get("/{tenant}/v2.0/.well-known/openid-configuration", discovery.openid_configuration)
    app.router.add_get("/{tenant}/discovery/v2.0/keys", discovery.keys)
    app.router.add_post("/{tenant}/oauth2/v2.0/token", token_endpoint.token)
    app.router.add_route("*", "/{tenant}/oauth2/v2.0/token", token_endpoint.not_post)
    app.router.add_post("/{tenant}/oauth2/v2.0/devicecode", device.device_code)
    app.router.add_get("/{tenant}/oauth2/v2.0/authorize", authorize.authorize)
    app.router.add_post("/{tenant}/oauth2/v2.0/authorize", authorize.authorize)
    app.router.add_get("/{tenant}/v2.0/adminconsent", authorize.admin_consent)
    app.router.add_get("/{tenant}/adminconsent", authorize.admin_consent_v1)
    people_sign_in.add_routes(app)
    device.add_routes(app)
