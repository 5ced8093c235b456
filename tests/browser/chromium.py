"""Debian's Chromium under Playwright, and the people who sit at it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
WIDE, NARROW = (1280, 800), (390, 844)
_PATIENCE_MS = 30_000
# Chromium reports every answer of 400 and more, which a page may well mean; htmx, that a newer question took the
# place of one under way.
_NO_COMPLAINTS = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")


@contextmanager
def visitor(browser: Browser, *, size: tuple[int, int] = WIDE, dark: bool = False) -> Iterator[BrowserContext]:
    """Somebody's browser with cookies and a clipboard of its own. A script error, or anything that the policy of a
    page forbids, fails the test when it closes."""
    context = browser.new_context(
        # The simulator's certificate comes from an authority that is made at each start.
        ignore_https_errors=True,
        viewport={"width": size[0], "height": size[1]},
        locale="en-GB",
        timezone_id="UTC",
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    context.set_default_timeout(_PATIENCE_MS)
    complaints: list[str] = []

    def said(message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_NO_COMPLAINTS):
            complaints.append(message.text)

    context.on("console", said)
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    try:
        yield context
    finally:
        context.close()
    assert not complaints, complaints


def cell_of(page: Page, row: str, column: str) -> str:
    """What the only table of the page says in the row that has these words, under this heading."""
    headings = [text.strip() for text in page.locator("thead th").all_inner_texts()]
    line = page.get_by_role("row").filter(has_text=row)
    return line.locator("th, td").nth(headings.index(column)).inner_text().strip()
