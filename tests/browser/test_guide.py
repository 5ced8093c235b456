"""The connector guide from its first step to its last, by nothing but clicks and typing, for both permission modes."""

import json
import re
from typing import Any

from playwright.sync_api import Page, expect
from tests.browser import connecting, portal
from tests.browser.axe import mistakes
from tests.browser.chromium import cell_of
from tests.browser.conftest import Photograph, Visit
from tests.browser.figures import shown_subscriptions, true_subscriptions
from tests.browser.serving import Console
from tests.oracle import KEYS, NAMES
from tests.simulator import Simulator

Row = dict[str, Any]
# The guide's four permissions do not open them: they are unknown, and that is said.
SIGN_INS = {"last_sign_in_at", "last_successful_sign_in_at"}
APP = "Licence inventory"
PORTAL = (1280, 640)


def portal_part(page: Page, console: Console, kind: str, told: str, photograph: Photograph) -> tuple[str, str, str]:
    """Steps 1 to 5: an Application Administrator prepares, and is told whose consent it takes; returns tenant name,
    client id and client secret."""
    simulator = console.simulator
    page.goto(simulator.portal_url)
    portal.sign_in(page, simulator.person("application_administrator"))
    tenant = portal.tenant_name(page)
    photograph(page, "portal-domain-names")
    client_id = portal.register(page, APP, f"{console.address}{connecting.HERE}/authorize")
    photograph(page, "portal-client-id")
    secret = portal.new_secret(page, "for the connector")
    photograph(page, "portal-client-secret", page.get_by_test_id("secret-value"))
    portal.assert_shown_once(page, secret)
    portal.add_permissions(page, kind)
    portal.grant_admin_consent(page)
    expect(page.get_by_text(told)).to_be_visible()
    if "succeeded" not in told:
        _consent_as(page, simulator, "global_administrator", photograph)
    portal.switch_account(page, simulator.person("global_administrator"))
    portal.show_names_in_reports(page, simulator.portal_url)
    photograph(page, "admin-center-reports")
    return tenant, client_id, secret


def _consent_as(page: Page, simulator: Simulator, who: str, photograph: Photograph) -> None:
    page.go_back()
    portal.switch_account(page, simulator.person(who))
    page.get_by_role("link", name="Azure Active Directory").first.click()
    page.get_by_role("link", name="App registrations").first.click()
    page.get_by_role("link", name=APP).click()
    page.get_by_role("link", name="API permissions").click()
    portal.grant_admin_consent(page)
    expect(page.get_by_text("Grant consent succeeded.")).to_be_visible()
    expect(page.get_by_text("Not granted for")).to_have_count(0)
    photograph(page, "portal-api-permissions")


def sync_now(page: Page, outcome: str) -> None:
    """From the saved connector to the end of its first run, whose ledger is open then."""
    page.get_by_role("link", name="Runs").first.click()
    expect(page.get_by_text("There is no run yet.")).to_be_visible()
    page.get_by_role("button", name="Sync now").click()
    past = page.get_by_role("region", name="Past runs")
    # No click on anything: the page follows the run to its end by itself.
    expect(past.get_by_text(outcome, exact=True)).to_be_visible(timeout=90_000)
    past.get_by_role("link", name="1", exact=True).click()
    expect(page.get_by_role("heading", name="Run 1 of")).to_be_visible()


def exported(page: Page, name: str) -> list[Row]:
    """What the page of that name exports with every column chosen, as JSON Lines."""
    page.get_by_role("link", name=name).first.click()
    expect(page.get_by_role("heading", name=name)).to_be_visible()
    page.get_by_text("Columns", exact=True).click()
    boxes = page.locator(".menu input[type=checkbox]").all()
    for box in boxes:
        box.check()
    file = page.get_by_role("link", name="JSONL", exact=True)
    expect(file).to_have_attribute("href", re.compile(f"(column=.*){{{len(boxes)}}}"))
    with page.expect_download() as started:
        file.click()
    return [json.loads(line) for line in started.value.path().read_text(encoding="utf-8").splitlines()]


def assert_equal(dataset: str, found: list[Row], true: list[Row]) -> None:
    """The same keys, and the same value wherever both have a column."""
    by_key, expected = ({_key(dataset, row): row for row in rows} for rows in (found, true))
    assert by_key.keys() == expected.keys()
    for key, row in expected.items():
        same = row.keys() & by_key[key].keys() - SIGN_INS
        assert len(same) > len(KEYS[dataset])
        assert {name: by_key[key][name] for name in same} == {name: row[name] for name in same}
        assert not any(by_key[key].get(name) for name in SIGN_INS)


def _key(dataset: str, row: Row) -> str:
    return repr([row[name] for name in KEYS[dataset]])


def test_application_permissions(console: Console, visit: Visit, photograph: Photograph) -> None:
    simulator, context = console.simulator, visit()
    tenant, client_id, secret = portal_part(
        visit(size=PORTAL).new_page(),
        console,
        "Application",
        "Global Administrator or Privileged Role Administrator",
        photograph,
    )
    assert tenant == simulator.tenant
    page = connecting.become_first_administrator(context, console.first_start_link())
    dialog = connecting.new_connector(page, tenant, "norvelt", "All of it")
    expect(dialog.get_by_text(f"{console.address}{connecting.HERE}/authorize")).to_be_visible()
    connecting.fill(dialog, "Application", client_id, secret)
    page.set_viewport_size({"width": 1200, "height": 720})
    photograph(page, "credentials", dialog.get_by_label("Client Secret", exact=True))
    popup = connecting.authorize(dialog)
    token = connecting.accept(popup, simulator.person("global_administrator"))
    assert not mistakes(popup)
    popup.get_by_role("button", name="Copy").click()
    expect(popup.get_by_role("button", name="Copied")).to_be_visible()
    value = token.input_value()
    popup.set_viewport_size({"width": 600, "height": 320})
    photograph(popup, "token", token)
    popup.close()
    # It was filled in by itself as well: what counts here is the pasted one.
    field = connecting.token_field(dialog)
    field.fill("")
    field.press("Control+V")
    expect(field).to_have_value(value)
    connecting.save(dialog)
    expect(page.get_by_text("Connector norvelt is saved.")).to_be_visible()
    assert cell_of(page, "norvelt", "Permissions") == "Application"
    sync_now(page, "complete")
    assert cell_of(page, "sign ins", "Outcome") == "not permitted"
    page.get_by_role("link", name="Subscriptions").first.click()
    assert shown_subscriptions(page) == true_subscriptions(simulator, tenant)
    for name in ("Subscriptions", "Users"):
        assert_equal(name.lower(), exported(page, name), simulator.oracle(name.lower()))
    for dataset in KEYS:
        assert_equal(dataset, console.rows(dataset), simulator.oracle(NAMES.get(dataset, dataset)))


def test_delegated_permissions(console: Console, visit: Visit, photograph: Photograph) -> None:
    simulator = console.simulator
    person = simulator.person("business_user")
    tenant, client_id, secret = portal_part(
        visit().new_page(), console, "Delegated", "Grant consent succeeded.", lambda *_: None
    )
    page = connecting.become_first_administrator(visit(), console.first_start_link())
    dialog = connecting.new_connector(page, tenant, "partly")
    connecting.fill(dialog, "Delegated", client_id, secret)
    popup = connecting.authorize(dialog)
    portal.sign_in(popup, person)
    # Microsoft asks nobody to accept what an administrator has granted for everybody.
    expect(popup.get_by_text("The dialog has the Token: click Save there.")).to_be_visible()
    expect(connecting.token_field(dialog)).not_to_have_value("")
    connecting.save(dialog)
    expect(page.get_by_text("Connector partly is saved.")).to_be_visible()
    label = f"as seen by {person['user_principal_name']}; partial by design"
    assert label in cell_of(page, "partly", "Permissions")
    sync_now(page, "incomplete")
    assert cell_of(page, "active users", "Outcome") == "not permitted"
    users = exported(page, "Users")
    expect(page.get_by_label("Completeness")).to_contain_text("as seen by " + person["user_principal_name"])
    mine = simulator.oracle("users", as_user=person["user_principal_name"])
    assert 0 < len(mine) < len(simulator.oracle("users"))
    assert_equal("users", users, mine)
    page.get_by_role("link", name="Subscriptions").first.click()
    assert shown_subscriptions(page) == true_subscriptions(simulator, tenant)
    for dataset in ("groups", "memberships", "assignments"):
        assert_equal(dataset, console.rows(dataset), simulator.oracle(dataset, as_user=person["user_principal_name"]))
