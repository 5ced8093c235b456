"""Consent of users and of administrators, and what each may give."""

from collections.abc import Callable

import pytest
from tests.m365sim.browser import Browser
from tests.m365sim.interactive.connecting import CALLBACK, GUIDE, Connecting, claims_of
from tests.simulator import Simulator

NONE: dict[str, str | None] = {}


def test_declined(connecting: Connecting, browser: Browser) -> None:
    connecting.open(browser)
    connecting.sign_in(browser, "global_administrator")
    for name in (*GUIDE, "offline_access"):
        assert name in browser.page.text
    browser.press("Cancel")
    assert browser.answer["error"] == "access_denied"
    assert browser.answer["error_description"].startswith("AADSTS65004: ")
    assert browser.answer["state"] == "st4te"


def test_a_user_consents_to_what_needs_no_administrator(connecting: Connecting, browser: Browser) -> None:
    code = connecting.code(browser, "user", scope="openid User.Read")
    got = connecting.redeem_code(code).json()
    assert claims_of(got["access_token"])["scp"].split() == ["User.Read", "openid"]
    assert "refresh_token" not in got


@pytest.mark.parametrize("who", ["user", "reports_reader", "global_reader", "business_user"])
def test_others_are_sent_for_an_administrator(connecting: Connecting, browser: Browser, who: str) -> None:
    connecting.open(browser)
    connecting.sign_in(browser, who)
    assert "Need admin approval" in browser.page.text
    assert "AADSTS90094" in browser.page.text
    browser.press("Return to the application")
    assert browser.answer["error"] == "access_denied"
    assert browser.answer["error_description"].startswith("AADSTS90094: ")


def test_an_administrator_can_take_over(connecting: Connecting, browser: Browser) -> None:
    connecting.open(browser)
    connecting.sign_in(browser, "user")
    browser.press("Have an admin account?")
    connecting.sign_in(browser, "application_administrator")
    browser.press("Accept", {"for_all": "yes"})
    assert connecting.redeem_code(browser.answer["code"]).status_code == 200
    # For everybody: the user is asked nothing any more.
    connecting.open(browser, prompt="login")
    connecting.sign_in(browser, "user")
    assert "code" in browser.answer


def test_consent_of_one_is_not_consent_of_another(connecting: Connecting, browser: Browser) -> None:
    connecting.code(browser, "global_administrator")
    connecting.open(browser, prompt="login")
    connecting.sign_in(browser, "user")
    assert "Need admin approval" in browser.page.text


def test_prompt_none_and_prompt_consent(connecting: Connecting, browser: Browser) -> None:
    hint = connecting.simulator.person("global_administrator")["user_principal_name"]
    connecting.code(browser, scope="openid User.Read")
    connecting.open(browser, prompt="none", login_hint=hint)
    assert browser.answer["error"] == "consent_required"
    assert browser.answer["error_description"].startswith("AADSTS65001: ")
    connecting.open(browser, prompt="none", login_hint=hint, scope="openid User.Read")
    assert "code" in browser.answer
    connecting.open(browser, prompt="consent", login_hint=hint, scope="openid User.Read")
    assert "Permissions requested" in browser.page.text


def test_a_tenant_may_keep_its_users_from_consenting(connecting: Connecting, browser: Browser) -> None:
    connecting.simulator.control("rules", {"tenant": connecting.simulator.tenant, "users_may_consent": False})
    connecting.open(browser, scope="openid User.Read")
    connecting.sign_in(browser, "user")
    assert "Need admin approval" in browser.page.text


def test_default_scope_asks_for_what_the_registration_lists(connecting: Connecting, browser: Browser) -> None:
    got = connecting.tokens(browser, scope="openid offline_access https://graph.microsoft.com/.default")
    assert {*GUIDE, "AuditLog.Read.All", "User.Read"} <= set(claims_of(got["access_token"])["scp"].split())


def unconsented(simulator: Simulator) -> tuple[str, str]:
    planted = simulator.application("no consent")
    return planted["client_id"], planted["client_secret"]


def app_roles(connecting: Connecting) -> list[str]:
    answer = connecting.redeem(grant_type="client_credentials", scope="https://graph.microsoft.com/.default")
    assert answer.status_code == 200, answer.text
    roles: list[str] = claims_of(answer.json()["access_token"]).get("roles", [])
    return roles


def ask_admin(connecting: Connecting, browser: Browser, who: str, path: str, **query: str) -> None:
    question = {"client_id": connecting.client_id, "redirect_uri": CALLBACK, "state": "st4te", **query}
    browser.open(connecting.address(path), question)
    connecting.sign_in(browser, who)


V2 = {"scope": "https://graph.microsoft.com/.default"}


@pytest.mark.parametrize("who", ["global_administrator", "privileged_role_administrator"])
def test_admin_consent_v2(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser, who: str
) -> None:
    connecting = connecting_as(*unconsented(simulator))
    assert app_roles(connecting) == []
    ask_admin(connecting, browser, who, "v2.0/adminconsent", **V2)
    assert "Review for your organization" in browser.page.text
    browser.press("Accept")
    assert browser.answer == {
        "admin_consent": "True",
        "tenant": simulator.tenant_id,
        "scope": f"{simulator.graph_url}/.default",
        "state": "st4te",
    }
    assert app_roles(connecting) == sorted(GUIDE)


def test_admin_consent_v1(simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser) -> None:
    connecting = connecting_as(*unconsented(simulator))
    ask_admin(connecting, browser, "global_administrator", "adminconsent")
    browser.press("Accept")
    assert browser.answer == {"admin_consent": "True", "tenant": simulator.tenant_id, "state": "st4te"}
    assert app_roles(connecting) == sorted(GUIDE)


def test_the_odd_forms_of_a_declined_admin_consent(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser
) -> None:
    connecting = connecting_as(*unconsented(simulator))
    ask_admin(connecting, browser, "global_administrator", "v2.0/adminconsent", **V2)
    browser.press("Cancel")
    assert browser.answer["admin_consent"] == "True"
    assert browser.answer["error"]
    assert browser.answer["error_description"].startswith("AADSTS65004: ")
    browser.open(connecting.address("adminconsent"), {"client_id": connecting.client_id, "redirect_uri": CALLBACK})
    browser.press(browser.page.forms[0].buttons[0].text)
    browser.press("Cancel")
    assert browser.answer == {
        "error": "permission_denied",
        "error_description": "The admin canceled the request",
    }
    assert app_roles(connecting) == []


@pytest.mark.parametrize("who", ["cloud_application_administrator", "application_administrator", "user"])
def test_who_may_not_consent_to_graph_for_the_tenant(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser, who: str
) -> None:
    connecting = connecting_as(*unconsented(simulator))
    ask_admin(connecting, browser, who, "v2.0/adminconsent", **V2)
    assert "Need admin approval" in browser.page.text
    assert "Global Administrator or Privileged Role Administrator" in browser.page.text
    browser.press("Return to the application")
    assert browser.answer["admin_consent"] == "True"
    assert browser.answer["error_description"].startswith("AADSTS90094: ")
    assert app_roles(connecting) == []


def test_application_administrators_consent_to_delegated_permissions(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser
) -> None:
    connecting = connecting_as(*unconsented(simulator))
    ask_admin(connecting, browser, "cloud_application_administrator", "v2.0/adminconsent", scope=" ".join(GUIDE))
    browser.press("Accept")
    assert browser.answer["admin_consent"] == "True"
    assert app_roles(connecting) == []


def test_consent_takes_its_time(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser
) -> None:
    connecting = connecting_as(*unconsented(simulator))
    simulator.control("consent-delay", {"seconds": 90})
    ask_admin(connecting, browser, "global_administrator", "v2.0/adminconsent", **V2)
    browser.press("Accept")
    assert app_roles(connecting) == []
    simulator.control("clock", {"advance": 91})
    assert app_roles(connecting) == sorted(GUIDE)


def test_a_providers_application_in_a_customers_tenant(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser
) -> None:
    planted = simulator.application("provider")
    connecting = connecting_as(planted["client_id"], planted["client_secret"])
    before = connecting.redeem(grant_type="client_credentials", scope="https://graph.microsoft.com/.default")
    assert before.status_code == 400
    assert before.json()["error_codes"] == [7000229]
    connecting.tenant = "organizations"
    ask_admin(connecting, browser, "global_administrator", "v2.0/adminconsent", **V2)
    browser.press("Accept")
    assert browser.answer["tenant"] == simulator.tenant_id
    connecting.tenant = simulator.tenant_id
    assert app_roles(connecting) == sorted(GUIDE)
    connecting.tenant = simulator.tenants[1]["id"]
    assert app_roles(connecting) == []


def test_common_is_no_tenant_for_admin_consent(connecting: Connecting, browser: Browser) -> None:
    connecting.tenant = "common"
    browser.open(
        connecting.address("v2.0/adminconsent"),
        {"client_id": connecting.client_id, "redirect_uri": CALLBACK, **V2},
    )
    assert "AADSTS90019:" in browser.page.text
