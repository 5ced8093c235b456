"""A simulated tenant that the tests of this directory share, as it was at its start for each of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.installation import Installation
from tests.simulator import Simulator


@pytest.fixture(scope="session")
def small_tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(users=500, groups=60, seed=5, folder=tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


@pytest.fixture
def simulator(small_tenant: Simulator) -> Simulator:
    small_tenant.reset()
    return small_tenant


@pytest.fixture
def installation(tmp_path: Path, simulator: Simulator) -> Installation:
    made = Installation(tmp_path / "home", graph_page_size=200)
    made.connect(simulator)
    return made
