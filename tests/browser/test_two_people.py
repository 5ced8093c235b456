"""Two tenants beside each other: no figure of one in a page of the other, whoever looks and whatever happens there."""

from typing import Any

from playwright.sync_api import Page, expect
from tests.browser import connecting
from tests.browser.conftest import Visit
from tests.browser.figures import shown_subscriptions, true_subscriptions
from tests.browser.serving import Console

PAGES = ("/", "/subscriptions", "/users", "/groups", "/usage")


def identities(console: Console, tenant: dict[str, Any]) -> set[str]:
    """What only this tenant has: identifiers of its people and groups, and the names that they sign in with."""
    domain = tenant["domain"]
    users, groups = (console.simulator.oracle(name, tenant=domain) for name in ("users", "groups"))
    return {row["id"] for row in (*users, *groups)} | {row["user_principal_name"] for row in users}


def every_row(page: Page, console: Console, connector: str) -> str:
    """All that the pages of a connector hold, in their words and behind them."""
    found = []
    for path in PAGES:
        page.goto(f"{console.address}{path}?connector={connector}" + ("&size=200" if path != "/" else ""))
        found.append(page.content())
    return "".join(found)


def test_two_people_at_two_tenants(settled: Console, visit: Visit) -> None:
    here, there = settled.simulator.tenants
    ours, theirs = identities(settled, here), identities(settled, there)
    first = connecting.sign_in(visit(), settled.address, "viewer")
    second = connecting.sign_in(visit(), settled.address, "analyst")
    one, other = every_row(first, settled, "halbrook"), every_row(second, settled, "quillmark")
    assert [name for name in ours if name in one]
    assert [name for name in theirs if name in other]
    assert [name for name in theirs - ours if name in one] == []
    assert [name for name in ours - theirs if name in other] == []

    second.goto(f"{settled.address}/runs?connector=quillmark")
    second.get_by_role("button", name="Sync now").click()
    expect(second.get_by_role("region", name="Past runs").get_by_role("row")).to_have_count(3, timeout=60_000)
    for page, connector, tenant in ((first, "halbrook", here), (second, "quillmark", there)):
        page.goto(f"{settled.address}/subscriptions?connector={connector}")
        assert shown_subscriptions(page) == true_subscriptions(settled.simulator, tenant["domain"])
    expect(first.get_by_text("Signed in as viewer")).to_be_visible()
    expect(second.get_by_text("Signed in as analyst")).to_be_visible()
