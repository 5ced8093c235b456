"""Figures as a page shows them, and as the oracle knows them."""

from playwright.sync_api import Page, expect
from tests.simulator import Simulator


def shown_subscriptions(page: Page) -> dict[str, tuple[int, ...]]:
    """Part number to (bought, assigned, available), of the Subscriptions page that is open."""
    expect(page.get_by_role("heading", name="Subscriptions")).to_be_visible()
    headings = [text.strip(" ▾▴\n") for text in page.locator("thead th").all_inner_texts()]
    part, *figures = (headings.index(name) for name in ("Part number", "Bought", "Assigned", "Available"))
    rows = [row.locator("td").all_inner_texts() for row in page.locator("tbody tr").all()]
    return {row[part].strip(): tuple(number(row[at]) for at in figures) for row in rows}


def number(shown: str) -> int:
    """Of 1 234 or −5, as pages write them."""
    return int("".join(sign for sign in shown.replace("\N{MINUS SIGN}", "-") if sign in "-0123456789"))


def true_subscriptions(simulator: Simulator, tenant: str) -> dict[str, tuple[int, ...]]:
    """The same from the oracle, for the tenant of that domain."""
    return {
        row["sku_part_number"]: (row["enabled"] + row["warning"], row["consumed"], row["available"])
        for row in simulator.oracle("subscriptions", tenant=tenant)
    }
