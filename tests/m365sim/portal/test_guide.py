"""The portal part of the connector guide, walked by its own words."""

from typing import Any

import pytest
import requests
from tests.m365sim.browser import Browser
from tests.m365sim.interactive.connecting import claims_of
from tests.simulator import Simulator

GUIDE = ("Directory.Read.All", "Group.Read.All", "Reports.Read.All", "User.Read.All")
CALLBACK = "https://cc.example/cmp/AuthorizeOffice365Connector"


def sign_in(browser: Browser, simulator: Simulator, name: str, path: str = "/portal") -> None:
    person = simulator.person(name)
    browser.open(path)
    browser.sign_in(person["user_principal_name"], person["password"])


def register(browser: Browser, name: str = "Licence inventory") -> str:
    """Steps 2 of the guide; returns the client id."""
    browser.open("/portal/registrations")
    browser.click("New registration")
    browser.press("Register", {"name": name, "redirect_kind": "Web", "redirect_uri": CALLBACK})
    assert "Application (client) ID" in browser.page.text
    return browser.page.marked["client-id"]


def new_secret(browser: Browser) -> str:
    browser.click("Certificates & secrets")
    browser.click("New client secret")
    months = browser.page.selects["expires"]
    assert len(months) == 3
    browser.press("Add", {"description": "for the connector", "expires": "12"})
    return browser.page.marked["secret-value"]


def add_permissions(browser: Browser, kind: str) -> None:
    browser.click("API permissions")
    browser.click("Add a permission")
    browser.click("Microsoft Graph")
    browser.click(kind)
    browser.press("Add permissions", {f"permission {name}": "yes" for name in GUIDE})


def token(simulator: Simulator, http: requests.Session, client_id: str, secret: str) -> requests.Response:
    return http.post(
        f"{simulator.login_url}/{simulator.tenant}/oauth2/v2.0/token",
        data={
            "grant_type": "client_credentials",
            "client_id": client_id,
            "client_secret": secret,
            "scope": "https://graph.microsoft.com/.default",
        },
        timeout=30,
    )


def roles(answer: requests.Response) -> list[str]:
    found: list[str] = claims_of(answer.json()["access_token"]).get("roles", [])
    return found


def test_the_whole_portal_part(fresh: Simulator, browser: Browser, http: requests.Session) -> None:
    sign_in(browser, fresh, "global_administrator")
    assert "m365sim portal: a simulation, not Microsoft" in browser.page.html
    browser.press("Search", {"q": "azure active directory"})
    browser.click("Azure Active Directory")
    browser.click("Custom domain names")
    assert fresh.tenant in browser.page.text
    browser.click("App registrations")
    browser.click("New registration")
    assert "Single tenant" in browser.page.text
    browser.press("Register", {"name": "Licence inventory", "redirect_kind": "Web", "redirect_uri": CALLBACK})
    client_id = browser.page.marked["client-id"]
    secret = new_secret(browser)
    assert secret in browser.page.text
    browser.open(browser.page.address)
    assert secret not in browser.page.text
    assert secret[:3] in browser.page.text
    assert roles(token(fresh, http, client_id, secret)) == []
    add_permissions(browser, "Application permissions")
    add_permissions(browser, "Delegated permissions")
    assert "Not granted for" in browser.page.text
    browser.press("Grant admin consent for")
    assert "Grant consent succeeded." in browser.page.text
    assert "Not granted for" not in browser.page.text
    assert roles(token(fresh, http, client_id, secret)) == sorted(GUIDE)


def test_a_secret_is_revoked_and_another_one_made(fresh: Simulator, browser: Browser, http: requests.Session) -> None:
    sign_in(browser, fresh, "application_administrator")
    client_id = register(browser)
    first = new_secret(browser)
    assert token(fresh, http, client_id, first).status_code == 200
    browser.press("Delete")
    assert token(fresh, http, client_id, first).json()["error_codes"] == [7000215]
    assert token(fresh, http, client_id, new_secret(browser)).status_code == 200
    fresh.control("clock", {"advance": 366 * 24 * 3600})
    browser.open(browser.page.address)
    assert "(expired)" in browser.page.text


@pytest.mark.parametrize(
    ("who", "kind", "told"),
    [
        ("cloud_application_administrator", "Application permissions", "Global Administrator or Privileged Role"),
        ("application_administrator", "Application permissions", "Global Administrator or Privileged Role"),
        ("user", "Application permissions", "Global Administrator or Privileged Role"),
        ("user", "Delegated permissions", "Application Administrator, Cloud Application Administrator"),
        ("application_administrator", "Delegated permissions", None),
        ("cloud_application_administrator", "Delegated permissions", None),
        ("privileged_role_administrator", "Application permissions", None),
    ],
)
def test_who_may_grant_admin_consent(fresh: Simulator, browser: Browser, who: str, kind: str, told: str | None) -> None:
    sign_in(browser, fresh, who)
    register(browser)
    add_permissions(browser, kind)
    browser.press("Grant admin consent for")
    if told is None:
        assert "Grant consent succeeded." in browser.page.text
    else:
        assert browser.page.status == 403
        assert told in browser.page.text
        assert fresh.person(who)["user_principal_name"] in browser.page.text


def test_a_certificate_instead_of_a_secret(fresh: Simulator, browser: Browser) -> None:
    sign_in(browser, fresh, "user")
    client_id = register(browser)
    browser.click("Certificates & secrets")
    browser.click("Upload certificate")
    browser.press("Add", {"description": "broken"}, files={"certificate": b"no certificate"})
    assert "The file is not a certificate" in browser.page.text
    pem = fresh.certificate_pem
    pem = pem[pem.index("-----BEGIN CERTIFICATE-----") :]
    browser.press("Add", {"description": "ours"}, files={"certificate": pem.encode()})
    assert "ours" in browser.page.text
    registered: list[dict[str, Any]] = fresh.control("applications")
    assert len(next(item for item in registered if item["client_id"] == client_id)["keys"]) == 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"name": " "}, "Enter a name"),
        ({"name": "x", "redirect_uri": "http://stocktake.example/callback"}, "Must start with 'HTTPS'"),
        ({"name": "x", "redirect_uri": "https://stocktake.example/*"}, "wildcard"),
        ({"name": "x", "redirect_uri": "nonsense"}, "Must start with 'HTTPS'"),
    ],
)
def test_registrations_that_are_refused(
    fresh: Simulator, browser: Browser, fields: dict[str, str], message: str
) -> None:
    sign_in(browser, fresh, "user")
    browser.open("/portal/registrations/new")
    browser.press("Register", fields)
    assert message in browser.page.text
    assert browser.page.status == 400


def test_markup_in_names_is_text(fresh: Simulator, browser: Browser) -> None:
    sign_in(browser, fresh, "user")
    register(browser, "<script>alert(1)</script>")
    assert "<script>alert(1)" not in browser.page.html
    assert "&lt;script&gt;alert(1)" in browser.page.html


def test_multitenant_registration_and_redirect_uris(fresh: Simulator, browser: Browser) -> None:
    sign_in(browser, fresh, "user")
    browser.open("/portal/registrations/new")
    browser.press("Register", {"name": "For many", "account_types": "AzureADMultipleOrgs"})
    assert "Multiple organizations" in browser.page.text
    browser.click("Authentication")
    browser.press("Save", {"redirect_uris": "http://localhost/callback\nhttps://stocktake.example/callback\n"})
    browser.click("Overview")
    assert "2 web" in browser.page.text
    browser.click("Authentication")
    browser.press("Save", {"redirect_uris": "ftp://stocktake.example"})
    assert browser.page.status == 400
    browser.click("Overview")
    browser.press("Delete")
    assert "For many" not in browser.page.text


def test_strangers_to_an_application_may_look_only(fresh: Simulator, browser: Browser) -> None:
    sign_in(browser, fresh, "user")
    address = f"/portal/registrations/{fresh.client_id}"
    browser.open(address)
    assert "You can look, but not change" in browser.page.text
    assert browser.open(f"{address}/credentials/new-secret").status == 403
    browser.open(address)
    assert browser.press("Delete").status == 403
    fresh.control("rules", {"tenant": fresh.tenant, "users_may_register": False})
    browser.open("/portal/registrations/new")
    assert browser.press("Register", {"name": "x"}).status == 403


def test_de_identified_names_in_the_admin_center(fresh: Simulator, browser: Browser) -> None:
    fresh.control("tenant", {"conceal_names": True})
    sign_in(browser, fresh, "global_administrator", "/admin")
    browser.click("Settings")
    browser.click("Org settings")
    browser.click("Reports")
    assert "In all reports, display de-identified names for users, groups, and sites" in browser.page.text
    form, _ = browser.page.form_of("Save")
    assert form.fields.pop("conceal") == "yes"  # untick
    browser.press("Save")
    assert "Your changes have been saved." in browser.page.text
    assert fresh.control("state")["conceal_names"] is False
    browser.press("Save", {"conceal": "yes"})
    assert fresh.control("state")["conceal_names"] is True
    browser.press("Sign out")
    sign_in(browser, fresh, "global_reader", "/admin/settings/org/reports")
    assert "Only a Global Administrator can change this." in browser.page.text
    assert browser.press("Save").status == 403
    assert fresh.control("state")["conceal_names"] is True


def test_the_portal_is_closed_to_strangers_and_knows_its_own_forms(fresh: Simulator, browser: Browser) -> None:
    browser.open("/portal/registrations")
    assert browser.page.form_of("Sign in")
    sign_in(browser, fresh, "global_administrator")
    browser.open("/portal/registrations/new")
    answer = browser.press("Register", {"name": "forged", "guard": "forged"})
    assert "out of date" in answer.text
    browser.open("/portal/registrations")
    assert "forged" not in browser.page.text


def test_accounts_are_switched(fresh: Simulator, browser: Browser) -> None:
    sign_in(browser, fresh, "user")
    browser.click("Switch account")
    browser.press("Use another account")
    person = fresh.person("global_administrator")
    browser.sign_in(person["user_principal_name"], person["password"])
    assert "Global Administrator" in browser.page.text
