"""A console with two tenants, on SQLite; on both databases for the tests of what the grids find."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import structlog
from tests import postgres
from tests.stocktake.web import world
from tests.stocktake.web.server import Serving, serving


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> Iterator[None]:
    """Without colours and boxes: drawing a traceback takes longer than the test that causes it."""
    structlog.configure(processors=[structlog.processors.format_exc_info, structlog.processors.KeyValueRenderer()])
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    yield from postgres.cluster()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[Serving]:
    """A console without a connector."""
    with serving(tmp_path) as served:
        yield served


@pytest.fixture
def fresh(empty: Serving) -> Serving:
    """Contoso, whose sign-ins may not be read, and Fabrikam: for a test that changes something."""
    _fill(empty)
    return empty


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The same for tests that only look."""
    with serving(tmp_path_factory.mktemp("console")) as served:
        _fill(served)
        yield served


@pytest.fixture(scope="session", params=["sqlite", "postgresql"])
def either(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """The same on both databases."""
    yield from _on(request, tmp_path_factory.mktemp("either"))


@pytest.fixture(params=["sqlite", "postgresql"])
def either_fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Serving]:
    """The same on both databases, for a test that changes something."""
    yield from _on(request, tmp_path)


@pytest.fixture
def viewer(console: Serving) -> Iterator[httpx.Client]:
    with console.signed_in("viewer") as client:
        yield client


def _on(request: pytest.FixtureRequest, home: Path) -> Iterator[Serving]:
    if request.param == "sqlite":
        with serving(home) as served:
            _fill(served)
            yield served
        return
    for address in postgres.database(request.getfixturevalue("postgres_server")):
        with serving(home, database_url=address) as served:
            _fill(served)
            yield served


def _fill(served: Serving) -> None:
    store = served.app.store
    contoso = world.connector(store, "contoso")
    world.read(
        store, contoso, world.contoso(), {"sign_ins": ("not_permitted", "not permitted: needs AuditLog.Read.All")}
    )
    fabrikam = world.connector(store, "fabrikam")
    other = {
        "subscriptions": [world.subscription(world.E3, "SPE_E3", 10, 1)],
        "users": [world.user(50, "zoe@fabrikam.example", "Zoe of Fabrikam", department="Sales")],
        "assignments": [world.assignment(50, world.E3)],
        "sign_ins": [world.SignIn(world.user_id(50), world.SEEN, world.SEEN)],
        "usage": [world.activity("zoe@fabrikam.example", "2026-11-20")],
    }
    world.read(store, fabrikam, other)
