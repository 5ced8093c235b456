"""The planted people, and two tenants beside each other."""

from collections.abc import Callable

from tests.m365sim.browser import Browser
from tests.m365sim.interactive.connecting import Connecting, claims_of, number_of
from tests.simulator import Simulator


def test_people_are_users_of_their_tenants_whatever_happens(fresh: Simulator) -> None:
    fresh.control("change", {"steps": 4, "fraction": 0.3})
    fresh.control(f"change?tenant={fresh.tenants[1]['domain']}", {"steps": 2, "fraction": 0.3})
    names = {
        tenant["id"]: {row["id"]: row["user_principal_name"] for row in fresh.oracle("users", tenant=tenant["id"])}
        for tenant in fresh.tenants
    }
    for person in fresh.people:
        assert names[person["tenant_id"]][person["user_id"]] == person["user_principal_name"]
    assert {person["name"] for person in fresh.people} >= {
        "global_administrator",
        "privileged_role_administrator",
        "cloud_application_administrator",
        "application_administrator",
        "reports_reader",
        "global_reader",
        "user",
        "mfa",
        "business_user",
        "disabled",
        "neighbour_administrator",
        "neighbour_user",
        "guest",
    }


def test_passwords_survive_a_reset(fresh: Simulator) -> None:
    fresh.control("people/user", {"password": "another"})
    fresh.reset()
    assert fresh.control("people") == fresh.people


def test_one_application_in_two_tenants(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser
) -> None:
    planted = simulator.application("provider")
    connecting = connecting_as(planted["client_id"], planted["client_secret"], "organizations")
    here, there = (tenant["id"] for tenant in simulator.tenants)
    found = {}
    for name in ("user", "neighbour_user"):
        found[name] = connecting.tokens(browser, name, scope="openid offline_access User.Read", prompt="login")
    assert claims_of(found["user"]["access_token"])["tid"] == here
    assert claims_of(found["neighbour_user"]["access_token"])["tid"] == there
    code = connecting.code(browser, "user", scope="openid User.Read", prompt="login")
    connecting.tenant = there
    assert number_of(connecting.redeem_code(code)) == (400, "invalid_grant", 700005)
    # A refresh token is not bound to a tenant, but its owner is not a user of the other one.
    assert number_of(connecting.refresh(found["user"]["refresh_token"])) == (400, "invalid_grant", 50020)
    connecting.tenant = here
    me = connecting.graph(found["user"]["access_token"], "me").json()
    assert me["id"] == simulator.person("user")["user_id"]


def test_the_control_plane_says_what_is_wrong(simulator: Simulator) -> None:
    for path, payload in (
        ("people/nobody", {"mfa": True}),
        ("people/user", {"roles": ["King"]}),
        ("people/user", {"colour": "red"}),
        ("rules", {"tenant": "nobody.example"}),
        ("withdraw", {"client_id": "x", "tenant": "y"}),
        ("consent-delay", {"seconds": "soon"}),
    ):
        answer = simulator.ask_control(path, payload)
        assert answer.status_code == 400, path
        assert answer.text.count("\n") == 1
