"""axe-core on every page of the console, at the width of a desk and of a phone, in light and in dark."""

from playwright.sync_api import BrowserContext, Page, expect
from tests.browser import connecting
from tests.browser.axe import mistakes
from tests.browser.chromium import NARROW
from tests.browser.conftest import Visit
from tests.browser.serving import Console

HERE = connecting.HERE
DATA = ("/", "/subscriptions", "/users", "/groups", "/usage", "/runs", "/connectors")


def judge(page: Page, address: str, paths: tuple[str, ...]) -> list[str]:
    found = []
    for path in paths:
        page.goto(address + path)
        found += mistakes(page)
    return found


def test_signed_out(settled: Console, visit: Visit) -> None:
    """The sign-in page as it is and after a mistake, a link that is closed, and a callback that nobody asked for."""
    page = visit().new_page()
    found = judge(page, settled.address, ("/sign-in", "/first-start/gone", f"{HERE}/authorize?state=none&code=none"))
    page.goto(f"{settled.address}/sign-in")
    page.get_by_label("Name").fill("nobody")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    assert found + mistakes(page) == []


def test_empty(console: Console, visit: Visit) -> None:
    """Every page before there is a connector, from the link of the first start on."""
    context = visit()
    page = context.new_page()
    page.goto(console.first_start_link())
    found = mistakes(page)
    page.close()
    page = connecting.become_first_administrator(context, console.first_start_link())
    assert found + judge(page, console.address, DATA) == []


def pages_with_figures(page: Page, address: str) -> tuple[str, ...]:
    """Addresses of the pages about one thing are taken from links, as people do."""
    page.goto(address + "/users?product=&licensed=yes&connector=halbrook")
    user = page.locator("tbody a").first.get_attribute("href") or ""
    page.goto(address + "/runs")
    run = page.locator("tbody a").first.get_attribute("href") or ""
    asked = ("/users?q=nobody+is+called+this", "/users?as_of=2020-01-01", "/usage?connector=halbrook&sort=-unknown")
    mine = tuple(f"{HERE}/halbrook/{part}" for part in ("check", "edit", "credentials", "delete"))
    return (*DATA, user, run, *asked, f"{HERE}/new", *mine, "/users?column=none", "/nowhere")


def test_with_figures(settled: Console, visit: Visit) -> None:
    page = connecting.sign_in(visit(), settled.address, "administrator")
    assert judge(page, settled.address, pages_with_figures(page, settled.address)) == []


def test_a_check_that_was_made(settled: Console, visit: Visit) -> None:
    page = connecting.sign_in(visit(), settled.address, "analyst")
    page.goto(f"{settled.address}{HERE}/halbrook/check")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("A check reads only, and changes nothing.")).to_be_visible()
    assert mistakes(page) == []


def test_what_a_viewer_may_not(settled: Console, visit: Visit) -> None:
    page = connecting.sign_in(visit(), settled.address, "viewer")
    assert judge(page, settled.address, (f"{HERE}/new", HERE)) == []


def test_in_the_dark(settled: Console, visit: Visit) -> None:
    """Other colours, so other contrasts."""
    context: BrowserContext = visit(dark=True, size=NARROW)
    page = connecting.sign_in(context, settled.address, "administrator")
    found = []
    for path in ("/", "/users", "/usage", "/runs", "/runs/1", HERE, f"{HERE}/halbrook/credentials"):
        page.goto(settled.address + path)
        found += mistakes(page, (NARROW,))
    assert found == []
