"""One simulator for all tests of it, as it was at its start for each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tests.simulator import Simulator


@pytest.fixture(scope="session")
def running_simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    folder: Path = tmp_path_factory.mktemp("m365sim")
    with Simulator(users=1200, groups=80, seed=3, folder=folder) as simulator:
        yield simulator


@pytest.fixture
def simulator(running_simulator: Simulator) -> Simulator:
    running_simulator.reset()
    return running_simulator


@pytest.fixture
def http(simulator: Simulator) -> Iterator[requests.Session]:
    """A client that trusts the simulator and follows nothing by itself."""
    with requests.Session() as session:
        session.trust_env = False
        session.verify = str(simulator.ca_bundle)
        yield session
