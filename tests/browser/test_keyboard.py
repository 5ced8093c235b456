"""The console by keyboard alone: nothing here clicks, and whatever is focused can be seen to be."""

import re

from playwright.sync_api import Page, expect
from tests.browser.conftest import Visit
from tests.browser.connecting import HERE
from tests.browser.serving import PASSWORD, Console

_FOCUSED = """selector => {
  const found = document.activeElement;
  if (found === document.body) return "nothing";
  const style = getComputedStyle(found);
  // Within a date the browser marks day, month, year and calendar itself.
  if (style.outlineStyle === "none" && found.type !== "date") return `${found.outerHTML} is not seen to be focused`;
  return found.matches(selector) ? "there" : "elsewhere";
}"""


def tab_to(page: Page, selector: str, key: str = "Tab") -> None:
    """Press the key until the element has the focus."""
    for _ in range(120):
        page.keyboard.press(key)
        where = page.evaluate(_FOCUSED, selector)
        assert where in {"there", "elsewhere", "nothing"}, where
        if where == "there":
            return
    raise AssertionError(f"{key} never comes to {selector}")


def sign_in(page: Page, address: str, name: str) -> None:
    page.goto(address)
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type(name)
    tab_to(page, "[name=password]")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Overview")).to_be_visible()


def test_from_signing_in_to_the_last_page_of_a_grid(settled: Console, visit: Visit) -> None:
    page = visit().new_page()
    sign_in(page, settled.address, "viewer")
    tab_to(page, ".skip")
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab_to(page, "nav a[href='/users']", "Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Users")).to_be_visible()
    status = page.get_by_role("navigation", name="Pages").get_by_role("status")
    expect(status).to_contain_text("1–50 of 210")

    tab_to(page, "#q")
    page.keyboard.type("quillmark.example")
    expect(status).not_to_contain_text("of 210")
    expect(page.locator("#q")).to_be_focused()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    expect(status).to_contain_text("1–50 of 210")

    tab_to(page, "select[name=connector]")
    page.keyboard.type("halb")
    expect(status).to_contain_text("of 150")
    tab_to(page, "select[name=enabled]")
    page.keyboard.type("y")
    expect(page).to_have_url(re.compile("connector=halbrook.*enabled=yes"))

    tab_to(page, ".menu summary")
    page.keyboard.press("Enter")
    tab_to(page, ".menu input[value=country]")
    page.keyboard.press("Space")
    expect(page.get_by_role("columnheader", name="Country")).to_be_visible()

    sorted_by = page.get_by_role("columnheader", name="Sign-in name")
    tab_to(page, "#sort-user_principal_name")
    for direction in ("ascending", "descending"):
        page.keyboard.press("Enter")
        expect(sorted_by).to_have_attribute("aria-sort", direction)
        expect(page.locator("#sort-user_principal_name")).to_be_focused()
    tab_to(page, "#page-last")
    page.keyboard.press("Enter")
    expect(page.locator("#page-last")).to_have_count(0)
    expect(status).to_contain_text("101–")
    page.go_back()
    expect(status).to_contain_text("1–50 of")


def test_the_credentials_dialog_keeps_the_focus_and_escape_leaves_it(settled: Console, visit: Visit) -> None:
    page = visit().new_page()
    sign_in(page, settled.address, "administrator")
    page.goto(settled.address + HERE)
    tab_to(page, "a[href$='/halbrook/credentials']")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Credentials")
    expect(dialog).to_be_visible()
    inside = "() => document.activeElement === document.body || document.querySelector('#credentials')"
    inside += ".contains(document.activeElement)"
    seen = set()
    for _ in range(80):
        page.keyboard.press("Tab")
        assert page.evaluate(inside), page.evaluate("() => document.activeElement.outerHTML")
        seen.add(page.evaluate("() => document.activeElement.name || document.activeElement.textContent.trim()"))
    assert {"permissions", "client_id", "client_secret", "Authorize", "token", "Save", "Cancel"} <= seen
    tab_to(page, "[name=permissions]")
    page.keyboard.press("ArrowDown")
    expect(dialog.get_by_label("Delegated Permissions", exact=True)).to_be_checked()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name="Credentials")).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_label("Delegated Permissions", exact=True)).to_be_checked()
