"""Consent and sign-in against the simulator: what is saved, and what is said when it is not."""

import pytest
from tests.stocktake.authorize.conftest import Bench

from stocktake.authorize.answer import receive
from stocktake.authorize.save import accept, attempt
from stocktake.store.connectors import list_connectors


def test_an_administrator_consents(bench: Bench) -> None:
    bench.simulator.control(f"applications/{bench.simulator.client_id}", {"consented": False})
    connector = bench.connect(bench.draft(), "global_administrator")
    assert connector == list_connectors(bench.app.store)[0]
    assert (connector.permissions, connector.granted_by, connector.sealed_grant) == ("application", None, None)


def test_a_person_signs_in(bench: Bench) -> None:
    person = bench.simulator.person("global_administrator")
    connector = bench.connect(bench.draft(permissions="delegated"), "global_administrator")
    assert connector.permissions == "delegated"
    assert connector.granted_by == person["user_principal_name"]
    assert connector.sealed_grant
    assert connector.sealed_grant.startswith("v1.")
