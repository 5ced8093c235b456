"""The portal's home, and the directory with its domain names."""

from aiohttp import web

from m365sim.portal.visit import Visit, portal_page

_SERVICES = (
    ("Azure Active Directory", "now called Microsoft Entra ID", "/portal/directory"),
    ("App registrations", "applications that use this directory", "/portal/registrations"),
    ("Microsoft 365 admin center", "settings of the organization", "/admin"),
)


def home(visit: Visit) -> web.Response:
    """Home with the search for services."""
    typed = visit.query.get("q", "").strip()
    words = typed.lower().split()
    found = [
        {"name": name, "note": note, "address": address}
        for name, note, address in _SERVICES
        if all(word in f"{name} {note}".lower() for word in words)
    ]
    return portal_page(visit, "portal_home.html", typed=typed, services=found)


def overview(visit: Visit) -> web.Response:
    default = next(domain.id for domain in visit.tenant.domains if domain.is_default)
    return portal_page(
        visit, "portal_directory.html", blade="Overview", tenant_id=visit.tenant.id, primary_domain=default
    )


def domains(visit: Visit) -> web.Response:
    return portal_page(visit, "portal_domains.html", blade="Custom domain names", domains=visit.tenant.domains)
