"""Comparing what the product exports with what the simulator knows to be true."""

from typing import Any

from tests.installation import Installation
from tests.simulator import Simulator

KEYS = {
    "subscriptions": ("sku_id",),
    "users": ("id",),
    "groups": ("id",),
    "memberships": ("group_id", "member_id"),
    "assignments": ("user_id", "sku_id", "source", "group_id"),
    "terms": ("subscription_id",),
    "usage": ("report", "period", "user_principal_name", "metrics"),
    "site_usage": ("report", "period", "site_id"),
    "group_usage": ("report", "period", "group_id"),
    "deleted_users": ("id",),
}
# What the oracle calls it where that is something else: `usage` alone is the report of active users.
NAMES = {"usage": "usage:*"}
# What the oracle tells and no source reads: sign-ins of deleted users.
UNREAD = {"deleted_users": {"last_sign_in_at", "last_successful_sign_in_at"}}


def differences(
    installation: Installation, simulator: Simulator, dataset: str, connector: str = "norvelt"
) -> list[Any]:
    """Empty where the export equals the oracle: the same keys, and the same value in every column of the oracle."""
    expected = _by_key(dataset, simulator.oracle(NAMES.get(dataset, dataset)))
    exported = installation.rows(dataset, "--connector", connector)
    found = _by_key(dataset, exported)
    assert len(found) == len(exported), f"{dataset}: a key is exported twice"
    wrong: list[Any] = [("missing", key) for key in expected.keys() - found.keys()]
    wrong += [("surplus", key) for key in found.keys() - expected.keys()]
    for key in expected.keys() & found.keys():
        for column, value in expected[key].items():
            if column not in UNREAD.get(dataset, ()) and found[key].get(column, "absent") != value:
                wrong.append((key, column, value, found[key].get(column, "absent")))
    assert expected, f"the oracle has no {dataset}"
    return wrong


def assert_exact(installation: Installation, simulator: Simulator, connector: str = "norvelt") -> None:
    for dataset in KEYS:
        wrong = differences(installation, simulator, dataset, connector)
        assert not wrong, (dataset, len(wrong), wrong[:3])


def _by_key(dataset: str, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {repr([row[name] for name in KEYS[dataset]]): row for row in rows}
