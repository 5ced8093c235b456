"""Steps 6 and 7 of the guide, in the console: New, Credentials, Authorize with its pop-up, Token, Save."""

from typing import Any

from playwright.sync_api import BrowserContext, Locator, Page, expect
from tests.browser import portal
from tests.browser.serving import PASSWORD

HERE = "/connectors/microsoft-365"


def become_first_administrator(context: BrowserContext, link: str, name: str = "ada") -> Page:
    """By the link that `stocktake serve` prints."""
    page = context.new_page()
    page.goto(link)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the administrator").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


def sign_in(context: BrowserContext, address: str, name: str) -> Page:
    """To the console, as one of its people."""
    page = context.new_page()
    page.goto(address)
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()
    return page


def new_connector(page: Page, tenant: str, name: str, description: str = "") -> Locator:
    """From the menu to the Credentials dialog, which it returns."""
    page.get_by_role("link", name="Connectors").first.click()
    page.get_by_role("link", name="Microsoft 365").first.click()
    page.get_by_role("link", name="New", exact=True).first.click()
    page.get_by_label("Tenant Name").fill(tenant)
    page.get_by_label("Description").fill(description)
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Cloud").select_option("m365sim")
    page.get_by_role("button", name="Credentials").click()
    dialog = page.get_by_role("dialog", name="Credentials")
    expect(dialog).to_be_visible()
    return dialog


def fill(dialog: Locator, kind: str, client_id: str, secret: str) -> None:
    """`kind` is Application or Delegated."""
    dialog.get_by_label(f"{kind} Permissions", exact=True).check()
    dialog.get_by_label("Client ID").fill(client_id)
    dialog.get_by_label("Client Secret", exact=True).fill(secret)


def authorize(dialog: Locator) -> Page:
    """The pop-up, at Microsoft's page."""
    with dialog.page.expect_popup() as opened:
        dialog.get_by_role("button", name="Authorize").click()
    return opened.value


def accept(popup: Page, person: dict[str, Any]) -> Locator:
    """Sign in and accept; the field with the Token."""
    portal.sign_in(popup, person)
    popup.get_by_role("button", name="Accept").click()
    expect(popup.get_by_role("heading", name="Authorised")).to_be_visible()
    return popup.get_by_label("Token")


def token_field(dialog: Locator) -> Locator:
    return dialog.get_by_label("Token")


def save(dialog: Locator) -> None:
    dialog.get_by_role("button", name="Save").click()
