"""/authorize: signing in, answering, refusing."""

import base64
import hashlib

import pytest
from tests.m365sim.browser import Browser
from tests.m365sim.interactive.connecting import CALLBACK, GUIDE, VERIFIER, Connecting, claims_of


def test_msal_signs_in_by_code_with_pkce(connecting: Connecting, browser: Browser) -> None:
    client = connecting.msal_client()
    flow = client.initiate_auth_code_flow(
        [f"https://graph.microsoft.com/{name}" for name in GUIDE],
        redirect_uri=CALLBACK,
        prompt="select_account",
        response_mode="form_post",
    )
    browser.open(flow["auth_uri"])
    connecting.sign_in(browser, "global_administrator")
    browser.press("Accept")
    browser.press("Continue")
    got = client.acquire_token_by_auth_code_flow(flow, browser.posted)
    assert "error" not in got, got
    person = connecting.simulator.person("global_administrator")
    identity = got["id_token_claims"]
    assert identity["preferred_username"] == person["user_principal_name"]
    assert (identity["tid"], identity["oid"]) == (connecting.simulator.tenant_id, person["user_id"])
    claims = claims_of(got["access_token"])
    assert set(GUIDE) <= set(claims["scp"].split())
    assert "62e90394-69f5-4237-9190-012177145e10" in claims["wids"]
    assert (claims["oid"], claims["idtyp"], claims["azpacr"]) == (person["user_id"], "user", "1")
    account = client.get_accounts()[0]
    again = client.acquire_token_silent(["User.Read.All"], account=account, force_refresh=True)
    assert again is not None
    assert again["access_token"] != got["access_token"]


def test_the_challenge_may_be_hashed(connecting: Connecting, browser: Browser) -> None:
    hashed = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
    code = connecting.code(browser, code_challenge=hashed, code_challenge_method="S256")
    assert connecting.redeem_code(code).status_code == 200


def test_state_comes_back_and_a_second_time_nothing_is_asked(connecting: Connecting, browser: Browser) -> None:
    connecting.code(browser)
    assert browser.answer["state"] == "st4te"
    assert browser.left_for is not None
    assert browser.left_for.startswith(f"{CALLBACK}?")
    person = connecting.simulator.person("global_administrator")
    connecting.open(browser, login_hint=person["user_principal_name"])
    assert "code" in browser.answer
    connecting.open(browser)
    browser.press(person_words(person, browser))
    assert "code" in browser.answer


def person_words(person: dict[str, str], browser: Browser) -> str:
    """The words of the account's button."""
    return next(
        button.text
        for form in browser.page.forms
        for button in form.buttons
        if person["user_principal_name"] in button.text
    )


def test_response_modes(connecting: Connecting, browser: Browser) -> None:
    connecting.code(browser, response_mode="fragment")
    assert browser.left_for is not None
    assert browser.left_for.startswith(f"{CALLBACK}#")
    hint = connecting.simulator.person("global_administrator")["user_principal_name"]
    connecting.open(browser, response_mode="form_post", login_hint=hint)
    browser.press("Continue")
    assert browser.left_for == CALLBACK
    assert browser.posted["state"] == "st4te"
    assert connecting.redeem_code(browser.posted["code"]).status_code == 200


@pytest.mark.parametrize(
    ("changed", "number"),
    [
        ({"redirect_uri": "http://localhost:53682/elsewhere"}, 50011),
        ({"redirect_uri": "https://evil.example/connectors/microsoft-365/authorize"}, 50011),
        ({"client_id": None}, 900144),
        ({"client_id": "00000000-1111-2222-3333-444444444444"}, 700016),
    ],
)
def test_what_is_shown_on_a_page_and_never_redirected(
    connecting: Connecting, browser: Browser, changed: dict[str, str | None], number: int
) -> None:
    connecting.open(browser, **changed)
    assert browser.left_for is None
    assert browser.page.status == 400
    assert f"AADSTS{number}:" in browser.page.text
    assert "Correlation Id" in browser.page.text


def test_unknown_tenant_and_single_tenant_app_elsewhere(connecting: Connecting, browser: Browser) -> None:
    for tenant, number in (("nobody.example", 90002), ("organizations", 50194)):
        connecting.tenant = tenant
        connecting.open(browser)
        assert f"AADSTS{number}:" in browser.page.text
    connecting.tenant = connecting.simulator.tenants[1]["id"]
    connecting.open(browser)
    assert "AADSTS700016:" in browser.page.text


@pytest.mark.parametrize(
    ("changed", "error", "number"),
    [
        ({"response_type": "token"}, "unsupported_response_type", 70005),
        ({"response_type": None}, "invalid_request", 900144),
        ({"response_mode": "pigeon"}, "unsupported_response_type", 70007),
        ({"scope": None}, "invalid_request", 900144),
        ({"scope": "openid Users.Read.Everything"}, "invalid_client", 650053),
        ({"scope": "https://elsewhere.example/.default"}, "invalid_resource", 500011),
        ({"prompt": "none login"}, "invalid_request", 90023),
        ({"code_challenge": "short"}, "invalid_request", 50147),
        ({"prompt": "none"}, "login_required", 50058),
    ],
)
def test_what_goes_back_to_the_application(
    connecting: Connecting, browser: Browser, changed: dict[str, str | None], error: str, number: int
) -> None:
    connecting.open(browser, **changed)
    assert browser.answer["error"] == error
    assert browser.answer["error_description"].startswith(f"AADSTS{number}: ")
    assert browser.answer["state"] == "st4te"
    assert "code" not in browser.answer


@pytest.mark.parametrize(
    ("who", "password", "number"),
    [
        ("user", "wrong", 50126),
        ("disabled", None, 50057),
        ("disabled", "wrong", 50126),
        ("nobody@nowhere.example", "x", 50034),
    ],
)
def test_who_can_not_sign_in(
    connecting: Connecting, browser: Browser, who: str, password: str | None, number: int
) -> None:
    connecting.open(browser)
    people = {person["name"]: person for person in connecting.simulator.people}
    name = people[who]["user_principal_name"] if who in people else who
    browser.sign_in(name, password or people[who]["password"])
    assert browser.left_for is None
    assert f"AADSTS{number}:" in browser.page.text
    assert browser.page.form_of("Sign in")


def test_a_user_without_planted_password_has_a_wrong_one(connecting: Connecting, browser: Browser) -> None:
    planted = {person["user_id"] for person in connecting.simulator.people}
    somebody = next(row for row in connecting.simulator.oracle("users") if row["id"] not in planted)
    connecting.open(browser)
    browser.sign_in(somebody["user_principal_name"], "anything")
    assert "AADSTS50126:" in browser.page.text


def test_an_account_of_another_tenant_is_refused_and_its_guest_is_not(connecting: Connecting, browser: Browser) -> None:
    connecting.open(browser)
    connecting.sign_in(browser, "neighbour_user")
    assert "AADSTS50020:" in browser.page.text
    connecting.open(browser, scope="openid User.Read", prompt="login")
    connecting.sign_in(browser, "guest")
    browser.press("Accept")
    got = connecting.redeem_code(browser.answer["code"]).json()
    claims = claims_of(got["access_token"])
    assert claims["tid"] == connecting.simulator.tenant_id
    assert "#EXT#" in claims["upn"]
    assert claims["wids"] == []


def test_second_factor(connecting: Connecting, browser: Browser) -> None:
    connecting.open(browser, scope="openid offline_access User.Read")
    connecting.sign_in(browser, "mfa")
    browser.press("Deny")
    assert browser.answer["error"] == "interaction_required"
    assert browser.answer["error_description"].startswith("AADSTS50076: ")
    hint = connecting.simulator.person("mfa")["user_principal_name"]
    connecting.open(browser, prompt="none", login_hint=hint)
    assert (browser.answer["error"], browser.answer["state"]) == ("interaction_required", "st4te")
    connecting.open(browser, scope="openid offline_access User.Read", prompt="login")
    connecting.sign_in(browser, "mfa")
    browser.press("Approve")
    browser.press("Accept")
    got = connecting.redeem_code(browser.answer["code"]).json()
    assert claims_of(got["access_token"])["amr"] == ["pwd", "mfa"]


def test_cancelled_sign_in(connecting: Connecting, browser: Browser) -> None:
    connecting.open(browser)
    browser.press("Cancel")
    assert browser.answer == {
        "error": "access_denied",
        "error_subcode": "cancel",
        "error_description": "the user canceled the authentication",
        "state": "st4te",
    }


def test_a_form_of_another_browser_is_not_taken(connecting: Connecting, browser: Browser) -> None:
    connecting.open(browser)
    form, _ = browser.page.form_of("Sign in")
    with Browser(connecting.simulator.login_url, str(connecting.simulator.ca_bundle)) as other:
        other.page = browser.page
        person = connecting.simulator.person("user")
        other.press("Sign in", {"loginfmt": person["user_principal_name"], "passwd": person["password"]})
        assert "AADSTS50089:" in other.page.text
    assert form.fields["guard"]
