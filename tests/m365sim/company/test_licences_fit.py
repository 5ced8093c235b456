"""What must hold in every tenant, however it was built."""

import pytest
from tests.m365sim.invariants import check_invariants

from m365sim.company.build import build_tenant


@pytest.mark.parametrize(("users", "groups"), [(0, 0), (1, 1), (30, 12), (150, 60), (3000, 200)])
@pytest.mark.parametrize("seed", [1, 2, 77])
def test_licences_members_and_purchases_fit_each_other(users: int, groups: int, seed: int) -> None:
    check_invariants(build_tenant(users, groups, seed, 1_764_000_000.0))
