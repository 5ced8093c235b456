"""Certificates & secrets: a new secret is shown on the next page and never again."""

from aiohttp import web

from m365sim.portal.registrations import address_of, app_page, application_of, to_change
from m365sim.portal.visit import Fields, Visit, go
from m365sim.registrations import add_secret, certificate_of, key_credential, remove_secret, set_keys

_MONTHS = {"6": "180 days (6 months)", "12": "365 days (12 months)", "24": "730 days (24 months)"}
_DAYS = {"6": 180, "12": 365, "24": 730}
_DAY = 24 * 3600
_BLADE = "Certificates & secrets"


def show(visit: Visit) -> web.Response:
    application = application_of(visit)
    fresh = visit.session.fresh_secret
    visit.session.fresh_secret = None
    key_id, value = fresh if fresh is not None else ("", "")
    return app_page(
        visit,
        "portal_credentials.html",
        application,
        _BLADE,
        fresh_id=key_id,
        fresh_value=value,
        now=visit.world.clock.now(),
    )


def new_secret(visit: Visit) -> web.Response:
    return app_page(visit, "portal_new_secret.html", to_change(visit), _BLADE, months=_MONTHS)


def add(visit: Visit, fields: Fields) -> web.Response:
    application = to_change(visit)
    days = _DAYS.get(str(fields.get("expires", "6")), _DAYS["6"])
    ends_at = int(visit.world.clock.now()) + days * _DAY
    made = add_secret(visit.world, application, str(fields.get("description", "")).strip(), ends_at, visit.name)
    visit.session.fresh_secret = (made.key_id, made.value)
    return go(address_of(application, "/credentials"))


def delete(visit: Visit, fields: Fields) -> web.Response:
    application = to_change(visit)
    remove_secret(visit.world, application, str(fields.get("key_id", "")), visit.name)
    return go(address_of(application, "/credentials"))


def new_certificate(visit: Visit) -> web.Response:
    return app_page(visit, "portal_upload.html", to_change(visit), _BLADE, message="")


def upload(visit: Visit, fields: Fields) -> web.Response:
    application = to_change(visit)
    given = fields.get("certificate", b"")
    try:
        certificate = certificate_of(given)
    except ValueError:
        text = "The file is not a certificate. Upload a public key certificate: .cer, .pem or .crt."
        shown = app_page(visit, "portal_upload.html", application, _BLADE, message=text)
        shown.set_status(400)
        return shown
    added = key_credential(certificate, str(fields.get("description", "")).strip())
    set_keys(visit.world, application, [*application.keys, added], visit.name)
    return go(address_of(application, "/credentials"))


def delete_certificate(visit: Visit, fields: Fields) -> web.Response:
    application = to_change(visit)
    kept = [key for key in application.keys if key.key_id != str(fields.get("key_id", ""))]
    set_keys(visit.world, application, kept, visit.name)
    return go(address_of(application, "/credentials"))
