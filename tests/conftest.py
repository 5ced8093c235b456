"""What every test shares: an environment without settings of the person who runs it."""

import logging
import os
from collections.abc import Iterator

import pytest
import structlog


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def no_settings_of_ours(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """No STOCKTAKE_ variables and a home of the tests' own, so that none touches a real installation."""
    for name in [
        name for name in os.environ if name.startswith("STOCKTAKE_") and not name.startswith("STOCKTAKE_TEST_")
    ]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("STOCKTAKE_HOME", str(tmp_path_factory.getbasetemp() / "unused-home"))
    return


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that ran inside a test leaves a handler for a stderr that is closed afterwards: take it away again."""
    loggers = [logging.getLogger(), logging.getLogger("dbos")]
    before = [(logger, list(logger.handlers), logger.level, logger.propagate, logger.disabled) for logger in loggers]
    yield
    for logger, handlers, level, propagate, disabled in before:
        logger.handlers = handlers
        logger.setLevel(level)
        logger.propagate, logger.disabled = propagate, disabled
    structlog.reset_defaults()
