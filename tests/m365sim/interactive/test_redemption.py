"""The token endpoint for people: codes, refresh tokens, device codes."""

from collections.abc import Callable

import msal
import pytest
from tests.m365sim.browser import Browser
from tests.m365sim.interactive.connecting import GUIDE, VERIFIER, Connecting, claims_of, number_of
from tests.simulator import Simulator

DAY = 24 * 3600


def test_a_code_works_once(connecting: Connecting, browser: Browser) -> None:
    code = connecting.code(browser)
    got = connecting.redeem_code(code).json()
    assert got.keys() >= {"access_token", "refresh_token", "id_token", "scope", "token_type", "expires_in"}
    assert claims_of(got["id_token"])["nonce"] == "n0nce"
    assert number_of(connecting.redeem_code(code)) == (400, "invalid_grant", 54005)


def test_a_code_lives_ten_minutes(connecting: Connecting, browser: Browser) -> None:
    code = connecting.code(browser)
    connecting.simulator.control("clock", {"advance": 601})
    assert number_of(connecting.redeem_code(code)) == (400, "invalid_grant", 70008)


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({"code_verifier": VERIFIER + "x"}, (400, "invalid_grant", 501481)),
        ({"code_verifier": None}, (400, "invalid_grant", 501481)),
        ({"redirect_uri": "http://localhost:1/connectors/microsoft-365/authorize"}, (400, "invalid_grant", 500112)),
        ({"redirect_uri": None}, (400, "invalid_request", 900144)),
        ({"code": "invented"}, (400, "invalid_grant", 9002313)),
        ({"client_secret": "wrong"}, (401, "invalid_client", 7000215)),
        ({"client_secret": None}, (401, "invalid_client", 7000218)),
        ({"scope": "AuditLog.Read.All"}, (400, "invalid_grant", 65001)),
    ],
)
def test_refused_codes(
    connecting: Connecting, browser: Browser, changed: dict[str, str | None], refusal: tuple[int, str, int]
) -> None:
    code = connecting.code(browser)
    assert number_of(connecting.redeem_code(code, **changed)) == refusal
    assert connecting.redeem_code(code).status_code == 200


def test_a_code_belongs_to_its_tenant_and_client(connecting: Connecting, browser: Browser) -> None:
    code = connecting.code(browser)
    guide = connecting.simulator.application("guide")
    other = Connecting(connecting.simulator, guide["client_id"], guide["client_secret"])
    assert number_of(other.redeem_code(code))[2] == 70000
    other.close()


def test_refresh_tokens_rotate_and_the_old_one_goes_on_working(connecting: Connecting, browser: Browser) -> None:
    first = connecting.tokens(browser)
    second = connecting.refresh(first["refresh_token"])
    assert second.status_code == 200, second.text
    assert second.json()["refresh_token"] != first["refresh_token"]
    assert connecting.refresh(first["refresh_token"]).status_code == 200
    narrowed = connecting.refresh(second.json()["refresh_token"], scope="https://graph.microsoft.com/User.Read.All")
    assert narrowed.status_code == 200
    assert "refresh_token" in narrowed.json()


def test_refresh_tokens_end(connecting: Connecting, browser: Browser) -> None:
    token = connecting.tokens(browser)["refresh_token"]
    connecting.simulator.control("clock", {"advance": 89 * DAY})
    newer = connecting.refresh(token).json()["refresh_token"]
    connecting.simulator.control("clock", {"advance": 2 * DAY})
    refused = connecting.refresh(token)
    assert number_of(refused) == (400, "invalid_grant", 700082)
    assert "inactive for 90.00:00:00" in refused.json()["error_description"]
    assert connecting.refresh(newer).status_code == 200


def test_refresh_tokens_are_revoked(connecting: Connecting, browser: Browser) -> None:
    token = connecting.tokens(browser)["refresh_token"]
    connecting.simulator.control("clock", {"advance": 5})
    connecting.simulator.control("people/global_administrator", {"revoke": True})
    assert number_of(connecting.refresh(token)) == (400, "invalid_grant", 50173)


def test_withdrawn_consent_ends_them_too(connecting: Connecting, browser: Browser) -> None:
    token = connecting.tokens(browser)["refresh_token"]
    gone = {"client_id": connecting.client_id, "tenant": connecting.simulator.tenant}
    assert connecting.simulator.control("withdraw", gone)["grants"] == 1
    assert number_of(connecting.refresh(token)) == (400, "invalid_grant", 65001)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"mfa": True}, (400, "interaction_required", 50076)),
        ({"account_enabled": False}, (400, "invalid_grant", 50057)),
    ],
)
def test_what_happens_to_the_person_happens_to_the_token(
    connecting: Connecting, browser: Browser, change: dict[str, bool], refusal: tuple[int, str, int]
) -> None:
    token = connecting.tokens(browser)["refresh_token"]
    connecting.simulator.control("people/global_administrator", change)
    assert number_of(connecting.refresh(token)) == refusal


def test_a_refresh_token_belongs_to_its_client(connecting: Connecting, browser: Browser) -> None:
    token = connecting.tokens(browser)["refresh_token"]
    guide = connecting.simulator.application("guide")
    other = Connecting(connecting.simulator, guide["client_id"], guide["client_secret"])
    assert number_of(other.refresh(token))[2] == 70000
    other.close()
    assert number_of(connecting.refresh("invented"))[2] == 9002313


def test_offline_access_is_what_gives_one(connecting: Connecting, browser: Browser) -> None:
    got = connecting.tokens(browser, scope="User.Read.All")
    assert "refresh_token" not in got
    assert "id_token" not in got


def device_client(connecting: Connecting) -> msal.PublicClientApplication:
    return msal.PublicClientApplication(
        connecting.client_id,
        authority=f"{connecting.simulator.login_url}/{connecting.tenant}",
        instance_discovery=False,
        http_client=connecting.session,
    )


def test_msal_signs_in_a_device(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser
) -> None:
    connecting = connecting_as(simulator.application("public client")["client_id"], None)
    client = device_client(connecting)
    flow = client.initiate_device_flow(list(GUIDE))
    assert flow["user_code"] in flow["message"]
    browser.open(flow["verification_uri"])
    browser.press("Next", {"otc": "WRONG0000"})
    assert "didn't work" in browser.page.text
    browser.press("Next", {"otc": flow["user_code"].lower()})
    connecting.sign_in(browser, "global_administrator")
    browser.press("Continue")
    browser.press("Accept")
    assert "You have signed in" in browser.page.text
    got = client.acquire_token_by_device_flow(flow)
    assert "error" not in got, got
    assert set(GUIDE) <= set(claims_of(got["access_token"])["scp"].split())
    assert claims_of(got["access_token"])["azpacr"] == "0"


def test_a_device_waits_hurries_is_declined_and_expires(
    simulator: Simulator, connecting_as: Callable[..., Connecting], browser: Browser
) -> None:
    connecting = connecting_as(simulator.application("public client")["client_id"], None)
    started = connecting.session.post(
        connecting.address("oauth2/v2.0/devicecode"),
        data={"client_id": connecting.client_id, "scope": "User.Read"},
        timeout=30,
    ).json()
    poll = {"grant_type": "urn:ietf:params:oauth:grant-type:device_code", "device_code": started["device_code"]}
    assert number_of(connecting.redeem(**poll)) == (400, "authorization_pending", 70016)
    assert number_of(connecting.redeem(**poll)) == (400, "slow_down", 70016)
    browser.open(started["verification_uri"])
    browser.press("Next", {"otc": started["user_code"]})
    connecting.sign_in(browser, "user")
    browser.press("Cancel")
    assert number_of(connecting.redeem(**poll))[1] == "authorization_declined"
    again = connecting.session.post(
        connecting.address("oauth2/v2.0/devicecode"),
        data={"client_id": connecting.client_id, "scope": "User.Read"},
        timeout=30,
    ).json()
    simulator.control("clock", {"advance": 901})
    poll["device_code"] = again["device_code"]
    assert number_of(connecting.redeem(**poll)) == (400, "expired_token", 70019)
    poll["device_code"] = "invented"
    assert number_of(connecting.redeem(**poll)) == (400, "bad_verification_code", 70018)
