"""What goes wrong between the dialog, its pop-up and Microsoft's pages: each says what happened, and saves nothing."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser import connecting, portal
from tests.browser.axe import mistakes
from tests.browser.conftest import Visit
from tests.browser.serving import Console


@pytest.fixture
def page(settled: Console, visit: Visit) -> Page:
    """An administrator of the console."""
    return connecting.sign_in(visit(), settled.address, "administrator")


def dialog_for(page: Page, console: Console, name: str, kind: str = "Application") -> Locator:
    """The Credentials dialog of a new connector, filled in with a registration that Microsoft's consent is missing
    for."""
    simulator = console.simulator
    dialog = connecting.new_connector(page, simulator.tenant, name)
    connecting.fill(dialog, kind, simulator.client_id, simulator.client_secret)
    return dialog


def assert_not_saved(page: Page, name: str) -> None:
    page.goto(page.url.split("/connectors")[0] + connecting.HERE)
    expect(page.get_by_role("heading", name="Microsoft 365 connectors")).to_be_visible()
    expect(page.get_by_role("rowheader", name=name)).to_have_count(0)


def state(dialog: Locator) -> Locator:
    return dialog.locator("#authorize-state")


def refused(dialog: Locator, *words: str) -> None:
    """Save says `Not saved` with these words; the dialog stays, with the Token still in it."""
    connecting.save(dialog)
    alert = dialog.get_by_role("alert")
    for found in ("Not saved:", *words):
        expect(alert).to_contain_text(found)
    expect(dialog).to_be_visible()


def test_consent_is_declined(page: Page, settled: Console) -> None:
    dialog = dialog_for(page, settled, "declined")
    popup = connecting.authorize(dialog)
    portal.sign_in(popup, settled.simulator.person("global_administrator"))
    popup.get_by_role("button", name="Cancel").click()
    expect(popup.get_by_role("heading", name="Not authorised")).to_be_visible()
    expect(popup.get_by_text("Nothing was saved. You can close this window.")).to_be_visible()
    assert not mistakes(popup)
    expect(state(dialog)).to_contain_text(re.compile("Not authorised: .*(declined|not accepted)", re.IGNORECASE))
    expect(connecting.token_field(dialog)).to_have_value("")
    popup.close()
    # Closing a window that has answered says nothing new.
    expect(state(dialog)).to_contain_text("Not authorised")
    again = connecting.authorize(dialog)
    again.get_by_role("button", name=settled.simulator.person("global_administrator")["user_principal_name"]).click()
    again.get_by_role("button", name="Accept").click()
    expect(state(dialog)).to_contain_text("Authorised: the Token is below. Click Save.")
    expect(connecting.token_field(dialog)).not_to_have_value("")
    assert_not_saved(page, "declined")


def test_a_person_who_may_not_consent_is_told_who_may(page: Page, settled: Console) -> None:
    dialog = dialog_for(page, settled, "refused", "Delegated")
    popup = connecting.authorize(dialog)
    portal.sign_in(popup, settled.simulator.person("user"))
    expect(popup.get_by_role("heading", name="Need admin approval")).to_be_visible()
    popup.get_by_role("button", name="Return to the application without granting consent").click()
    expect(popup.get_by_role("heading", name="Not authorised")).to_be_visible()
    expect(state(dialog)).to_contain_text("Not authorised:")
    assert_not_saved(page, "refused")


def test_the_pop_up_is_closed(page: Page, settled: Console) -> None:
    dialog = dialog_for(page, settled, "closed")
    popup = connecting.authorize(dialog)
    expect(popup.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(state(dialog)).to_contain_text("Waiting for Microsoft's page.")
    popup.close()
    expect(state(dialog)).to_contain_text("The pop-up was closed")
    connecting.save(dialog)  # the browser itself asks for the Token
    expect(connecting.token_field(dialog)).to_be_focused()
    assert page.evaluate("() => !document.querySelector('#save').checkValidity()")
    assert_not_saved(page, "closed")


def test_a_mistake_in_the_fields_is_told_in_the_pop_up_and_in_the_dialog(page: Page, settled: Console) -> None:
    dialog = dialog_for(page, settled, "mistaken")
    dialog.get_by_label("Client ID").fill("no guid")
    popup = connecting.authorize(dialog)
    expect(popup.get_by_role("alert")).to_be_visible()
    expect(state(dialog)).to_contain_text(popup.get_by_role("alert").inner_text().rstrip("."), ignore_case=True)
    assert not mistakes(popup)
    assert_not_saved(page, "mistaken")


def test_a_token_that_is_altered_or_belongs_elsewhere(page: Page, settled: Console) -> None:
    """Then pasted with blanks around it where it belongs, which works, and once more, which does not."""
    simulator = settled.simulator
    dialog = dialog_for(page, settled, "rightly")
    popup = connecting.authorize(dialog)
    token = connecting.accept(popup, simulator.person("global_administrator")).input_value()
    field = connecting.token_field(dialog)
    expect(field).to_have_value(token)

    field.fill(token[:-1] + ("A" if token[-1] != "A" else "B"))
    refused(dialog, "this Token is damaged", "Copy it once more from the pop-up, whole")
    assert not mistakes(page)
    beside = page.context.new_page()
    beside.goto(settled.address)
    other = dialog_for(beside, settled, "elsewhere")
    connecting.token_field(other).fill(token)
    refused(other, "this Token was made for connector rightly, and not for elsewhere")
    beside.close()

    field.fill(f"  {token}\t ")
    connecting.save(dialog)
    expect(page.get_by_text("Connector rightly is saved.")).to_be_visible()
    page.get_by_role("link", name="Credentials of rightly").click()
    again = page.get_by_role("dialog", name="Credentials")
    connecting.token_field(again).fill(token)
    refused(again, "this Token was used already")
    assert_not_saved(page, "elsewhere")
