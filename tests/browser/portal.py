"""Steps 1 to 5 of the connector guide, by clicks and typing in the simulator's portal and admin center."""

import re
from typing import Any
from urllib.parse import urljoin

from playwright.sync_api import Page, expect
from tests.browser.chromium import cell_of

GUIDE = ("Directory.Read.All", "Group.Read.All", "Reports.Read.All", "User.Read.All")
DE_IDENTIFIED = "In all reports, display de-identified names for users, groups, and sites"


def sign_in(page: Page, person: dict[str, Any]) -> None:
    """At Microsoft's sign-in page, wherever it was reached from."""
    page.get_by_label("Email, phone, or Skype").fill(person["user_principal_name"])
    page.get_by_label("Password").fill(person["password"])
    page.get_by_role("button", name="Sign in", exact=True).click()


def switch_account(page: Page, person: dict[str, Any]) -> None:
    page.get_by_role("link", name="Switch account").click()
    page.get_by_role("button", name="Use another account").click()
    sign_in(page, person)


def tenant_name(page: Page) -> str:
    """Step 1: from the home page of the portal to the name that is the tenant's primary one."""
    page.get_by_label("Search resources, services, and docs").fill("Azure Active Directory")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Azure Active Directory").first.click()
    page.get_by_role("link", name="Custom domain names").click()
    return cell_of(page, "Yes", "Name")


def register(page: Page, name: str, redirect_uri: str) -> str:
    """Step 2: New registration; returns the Application (client) ID that the overview shows."""
    page.get_by_role("link", name="App registrations").first.click()
    page.get_by_role("link", name="New registration").click()
    expect(page.get_by_label("Single tenant")).to_be_checked()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Select a platform").select_option("Web")
    page.get_by_label("Redirect URI", exact=True).fill(redirect_uri)
    page.get_by_role("button", name="Register").click()
    return page.get_by_label("Application (client) ID").inner_text().strip()


def new_secret(page: Page, description: str) -> str:
    """Step 3: the value of a new client secret, which the page shows now and never again."""
    page.get_by_role("link", name="Certificates & secrets").click()
    page.get_by_role("link", name="New client secret").click()
    page.get_by_label("Description").fill(description)
    page.get_by_label("Expires").select_option(index=1)
    page.get_by_role("button", name="Add").click()
    return page.get_by_test_id("secret-value").inner_text().strip()


def assert_shown_once(page: Page, secret: str) -> None:
    page.get_by_role("link", name="Overview").click()
    page.get_by_role("link", name="Certificates & secrets").click()
    expect(page.get_by_role("cell", name=re.compile(re.escape(secret[:3]) + r"\*+"))).to_be_visible()
    expect(page.get_by_text(secret)).to_have_count(0)


def add_permissions(page: Page, kind: str) -> None:
    """Step 4, up to the consent: the guide's four, of the kind `Delegated` or `Application`."""
    page.get_by_role("link", name="API permissions").click()
    page.get_by_role("link", name="Add a permission").click()
    page.get_by_role("link", name="Microsoft Graph").click()
    page.get_by_role("link", name=f"{kind} permissions", exact=True).click()
    for name in GUIDE:
        page.get_by_label("Select permissions").fill(name)
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Add permissions").click()
    expect(page.get_by_text("Not granted for").first).to_be_visible()


def grant_admin_consent(page: Page) -> None:
    page.get_by_role("button", name="Grant admin consent for").click()


def show_names_in_reports(page: Page, portal_url: str) -> None:
    """Step 5: the admin center, Settings, Org settings, Reports; the box has to be ticked at first."""
    page.goto(urljoin(portal_url, "/admin"))
    for words in ("Settings", "Org settings", "Reports"):
        page.get_by_role("link", name=words, exact=True).last.click()
    page.get_by_label(DE_IDENTIFIED).uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Your changes have been saved.")).to_be_visible()
    expect(page.get_by_label(DE_IDENTIFIED)).not_to_be_checked()
