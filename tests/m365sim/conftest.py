"""One simulator for all tests of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.simulator import Simulator


@pytest.fixture(scope="session")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    """As other tests left it; `fresh` is as it was at its start."""
    folder: Path = tmp_path_factory.mktemp("m365sim")
    with Simulator(users=1200, groups=80, seed=3, folder=folder) as running:
        yield running


@pytest.fixture
def fresh(simulator: Simulator) -> Iterator[Simulator]:
    """Set back before the test and after it."""
    simulator.reset()
    yield simulator
    simulator.reset()


@pytest.fixture
def http(simulator: Simulator) -> Iterator[requests.Session]:
    """A client that trusts the simulator and follows nothing by itself."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(simulator.ca_bundle)
        yield session
