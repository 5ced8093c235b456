"""axe-core in the page that a test looks at, and what has to hold on every page beside it."""

from functools import cache
from pathlib import Path
from typing import Any

from playwright.sync_api import Page
from tests.browser.chromium import NARROW, WIDE

_RUN = "() => axe.run(document, {resultTypes: ['violations']})"


@cache
def _source() -> str:
    return (Path(__file__).parent / "vendor" / "axe.min.js").read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """What axe-core finds with all of its rules, best practice among them: rule, element, why."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(_source())
    found: dict[str, Any] = page.evaluate(_RUN)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]


def scrolls_sideways(page: Page) -> bool:
    return bool(page.evaluate("() => document.documentElement.scrollWidth > document.documentElement.clientWidth"))


def mistakes(page: Page, sizes: tuple[tuple[int, int], ...] = (WIDE, NARROW)) -> list[str]:
    """Violations at each size of the window, and whether the page then scrolls sideways."""
    found = []
    for width, height in sizes:
        page.set_viewport_size({"width": width, "height": height})
        found += [f"{page.url} at {width}: {text}" for text in violations(page)]
        if scrolls_sideways(page):
            found.append(f"{page.url} at {width}: the page scrolls sideways")
    return found
