"""One Chromium, one simulator and one console with figures for all tests in a browser."""

import os
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect, sync_playwright
from tests.browser import connecting
from tests.browser.chromium import CHROMIUM, FLAGS, visitor
from tests.browser.serving import Console
from tests.simulator import Simulator

Visit = Callable[..., BrowserContext]
Photograph = Callable[..., None]
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
_LARGEST_PICTURE = 150_000  # bytes
OPEN = pytest.StashKey[list[BrowserContext]]()


# Not wider than this directory: as long as Playwright is there, its event loop keeps others from running.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not there: install Debian's package chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=FLAGS, env={**os.environ, "LANGUAGE": "en_GB"}
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Makes browsers of different people; they are closed, and judged, when the test ends."""
    contexts: list[BrowserContext] = []
    request.node.stash[OPEN] = contexts
    with ExitStack() as stack:

        def begin(**options: Any) -> BrowserContext:
            contexts.append(stack.enter_context(visitor(chromium, **options)))
            return contexts[-1]

        yield begin


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A failure tells what every window showed."""
    report = yield
    if report.when == "call" and report.failed:
        for context in item.stash.get(OPEN, []):
            for page in context.pages:
                report.sections.append((f"window at {page.url}", page.locator("body").inner_text()))
    return report


@pytest.fixture
def photograph(tmp_path: Path) -> Photograph:
    """Takes the picture of that name for the documents: of the part of the page that is seen, or of an element.

    With STOCKTAKE_TEST_PICTURES it replaces the one in docs/pictures; otherwise it is only seen to be possible, since
    other fonts and another day would change every picture at every run. What must not be published is covered.
    """
    folder = PICTURES if os.environ.get("STOCKTAKE_TEST_PICTURES") else tmp_path / "pictures"

    def take(what: Page | Locator, name: str, *covered: Locator) -> None:
        file = folder / f"{name}.png"
        what.screenshot(path=file, animations="disabled", caret="hide", mask=list(covered), mask_color="#c9c9d2")
        assert file.stat().st_size < _LARGEST_PICTURE, name

    return take


@pytest.fixture(scope="package")
def started(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator("--concealed", users=150, groups=20, folder=tmp_path_factory.mktemp("m365sim")) as simulator:
        yield simulator


@pytest.fixture
def simulator(started: Simulator) -> Simulator:
    """As at its start, with concealed names."""
    started.reset()
    return started


@pytest.fixture
def console(simulator: Simulator, tmp_path: Path) -> Iterator[Console]:
    """A console that nobody has used yet."""
    with Console(tmp_path / "home", simulator) as running:
        yield running


@pytest.fixture(scope="package")
def filled(chromium: Browser, started: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console with two tenants that have been read, `halbrook` and its neighbour `quillmark`, and with one person of
    each role."""
    started.reset()
    started.control("tenant", {"conceal_names": False})
    with Console(tmp_path_factory.mktemp("filled") / "home", started) as running:
        running.add_people("viewer", "analyst", "administrator")
        running.connect(started, "halbrook", started.application("least"))
        running.ok("sync", "halbrook")
        with visitor(chromium) as context:
            page = connecting.sign_in(context, running.address, "administrator")
            dialog = connecting.new_connector(page, started.tenants[1]["domain"], "quillmark")
            provider = started.application("provider")
            connecting.fill(dialog, "Application", provider["client_id"], provider["client_secret"])
            connecting.accept(connecting.authorize(dialog), started.person("neighbour_administrator"))
            connecting.save(dialog)
            expect(page.get_by_text("Connector quillmark is saved.")).to_be_visible()
        running.ok("sync", "quillmark")
        yield running


@pytest.fixture
def settled(filled: Console, simulator: Simulator) -> Console:
    """The console with figures, beside a simulator that is as at its start."""
    assert filled.simulator is simulator
    return filled
