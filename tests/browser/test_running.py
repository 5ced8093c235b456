"""A sync that is under way: what it waits for, by keyboard and with axe-core, until somebody cancels it."""

from playwright.sync_api import expect
from tests.browser import connecting
from tests.browser.axe import mistakes
from tests.browser.conftest import Visit
from tests.browser.serving import Console


def test_a_run_is_watched_and_cancelled(console: Console, visit: Visit) -> None:
    simulator = console.simulator
    console.connect(simulator, "halbrook")
    page = connecting.become_first_administrator(visit(), console.first_start_link())
    hold = {"match": "/users\\?", "kind": "throttle", "times": 1, "retry_after": "600"}
    simulator.control("faults", [hold])
    page.get_by_role("link", name="Runs").first.click()
    page.get_by_role("button", name="Sync now").click()
    expect(page.get_by_text("waiting: ").first).to_be_visible(timeout=60_000)
    found = mistakes(page)
    page.get_by_role("link", name="Progress").click()
    expect(page.get_by_text("waiting: ").first).to_be_visible()
    found += mistakes(page)
    assert found == []

    cancel = page.get_by_role("button", name="Cancel")
    cancel.focus()
    with page.expect_response(lambda answer: answer.url.endswith("/progress")):
        pass
    with page.expect_response(lambda answer: answer.url.endswith("/progress")):
        pass
    expect(cancel).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("cancelled by ada")).to_be_visible(timeout=60_000)
    assert mistakes(page) == []
    page.goto(console.address)
    assert mistakes(page) == []
