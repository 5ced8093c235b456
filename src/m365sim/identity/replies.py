"""How an authorisation ends: a redirect, a form or a page."""

from urllib.parse import quote, urlencode, urlsplit, urlunsplit

from aiohttp import web

from m365sim.identity.sign_in_refusals import Incident, SignInError, incident
from m365sim.pages import page
from m365sim.signed_in import SignInRequest
from m365sim.world import World


def reply(wanted: SignInRequest, fields: dict[str, str]) -> web.Response:
    """Send these fields to the application, in the way that it asked for."""
    present = {name: value for name, value in fields.items() if value}
    if wanted.response_mode == "form_post":
        return page("form_post.html", address=wanted.redirect_uri, fields=list(present.items()))
    parts = urlsplit(wanted.redirect_uri)
    text = urlencode(present, quote_via=quote)
    if wanted.response_mode == "fragment":
        address = urlunsplit(parts._replace(fragment=text))
    else:
        query = f"{parts.query}&{text}" if parts.query else text
        address = urlunsplit(parts._replace(query=query, fragment=""))
    return web.Response(status=302, headers={"Location": address, "Cache-Control": "no-store"})


def refuse(world: World, wanted: SignInRequest | None, refusal: SignInError) -> web.Response:
    """By redirect where the request has a proved address and the refusal is not for the browser alone."""
    happened = incident(world)
    if wanted is None or refusal.on_page or not wanted.redirect_uri:
        return error_page(refusal, happened)
    description = happened.description(refusal.code, refusal.text)
    fields = {"error": refusal.error, "error_description": description, "state": wanted.state or ""}
    if wanted.purpose == "adminconsent":
        # Microsoft sends admin_consent=True beside the error too (v2-admin-consent.md).
        fields = {"admin_consent": "True", **fields}
    elif wanted.purpose == "adminconsent_v1":
        fields["error"] = "permission_denied"
        if refusal.code == 65004:
            fields["error_description"] = "The admin canceled the request"
    else:
        fields["error_uri"] = f"{world.login_url}/error?code={refusal.code}"
    return reply(wanted, fields)


def error_page(refusal: SignInError, happened: Incident) -> web.Response:
    """Microsoft's "we're having trouble" page. The status of its real one is not published; ours is 400."""
    shown = page(
        "error.html",
        text=f"AADSTS{refusal.code}: {refusal.text}",
        trace_id=happened.trace_id,
        correlation_id=happened.correlation_id,
        timestamp=happened.timestamp,
    )
    shown.set_status(400)
    return shown
