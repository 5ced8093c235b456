"""What a signed-in person sees of the tenant."""

from typing import Any

import pytest
from tests.m365sim.browser import Browser
from tests.m365sim.interactive.connecting import GUIDE, Connecting

REPORT = "reports/getOffice365ActiveUserDetail(period='D30')"


@pytest.fixture
def consented(connecting: Connecting, browser: Browser) -> Connecting:
    """An administrator consented for everybody, so that anybody can sign in."""
    question = {
        "client_id": connecting.client_id,
        "redirect_uri": connecting.question()["redirect_uri"],
        "scope": " ".join(f"https://graph.microsoft.com/{name}" for name in (*GUIDE, "User.Read", "openid")),
    }
    browser.open(connecting.address("v2.0/adminconsent"), question)
    connecting.sign_in(browser, "global_administrator")
    browser.press("Accept")
    return connecting


def token_of(connecting: Connecting, browser: Browser, name: str) -> str:
    token: str = connecting.tokens(browser, name, prompt="login")["access_token"]
    return token


def truth(connecting: Connecting, dataset: str, name: str) -> list[dict[str, Any]]:
    return connecting.simulator.oracle(dataset, as_user=connecting.simulator.person(name)["user_principal_name"])


def check_view(connecting: Connecting, token: str, name: str) -> None:
    """Listing, count, members and delta show the same, and it is what the oracle says."""
    users = truth(connecting, "users", name)
    groups = truth(connecting, "groups", name)
    links = {(row["group_id"], row["member_id"]) for row in truth(connecting, "memberships", name)}
    ids = {row["id"] for row in users}
    assert {row["id"] for row in connecting.rows(token, "users?$select=id&$top=999")} == ids
    assert {row["id"] for row in connecting.rows(token, "groups?$select=id&$top=999")} == {row["id"] for row in groups}
    eventual = {"ConsistencyLevel": "eventual"}
    assert int(connecting.graph(token, "users/$count", headers=eventual).text.lstrip("\ufeff")) == len(users)
    assert int(connecting.graph(token, "groups/$count", headers=eventual).text.lstrip("\ufeff")) == len(groups)
    some = groups[:3]
    found = {
        (group["id"], member["id"])
        for group in some
        for member in connecting.rows(token, f"groups/{group['id']}/members?$select=id&$top=999")
    }
    assert found == {link for link in links if link[0] in {group["id"] for group in some}}
    delta = connecting.rows(token, "groups/delta?$select=displayName,members")
    assert {(row["id"], member["id"]) for row in delta for member in row.get("members@delta", [])} == links
    first_round = connecting.rows(token, "users/delta?$select=displayName")
    assert {row["id"] for row in first_round if "@removed" not in row} == ids


def test_the_user_of_one_business_sees_a_subset(consented: Connecting, browser: Browser) -> None:
    person = consented.simulator.person("business_user")
    token = token_of(consented, browser, "business_user")
    whole, part = consented.simulator.oracle("users"), truth(consented, "users", "business_user")
    assert {row["company_name"] for row in part} == {person["business"]}
    assert 0 < len(part) < len(whole)
    assert len(part) == sum(row["company_name"] == person["business"] for row in whole)
    check_view(consented, token, "business_user")
    outsider = next(row["id"] for row in whole if row["company_name"] != person["business"])
    assert consented.graph(token, f"users/{outsider}").status_code == 404
    # Seats belong to the whole tenant.
    assert truth(consented, "subscriptions", "business_user") == consented.simulator.oracle("subscriptions")


def delta_link(connecting: Connecting, token: str, path: str) -> str:
    """Where the next round begins, after this one."""
    page = connecting.graph(token, path).json()
    while "@odata.nextLink" in page:
        page = connecting.graph(token, page["@odata.nextLink"]).json()
    found: str = page["@odata.deltaLink"]
    return found


def test_the_subset_follows_changes(consented: Connecting, browser: Browser) -> None:
    token = token_of(consented, browser, "business_user")
    paths = ("users/delta?$select=displayName", "groups/delta?$select=displayName,members")
    links = [delta_link(consented, token, path) for path in paths]
    consented.simulator.control("change", {"steps": 3, "fraction": 0.2})
    token = token_of(consented, browser, "business_user")
    check_view(consented, token, "business_user")
    now = {row["id"] for row in truth(consented, "users", "business_user")}
    changed = consented.rows(token, links[0])
    assert {row["id"] for row in changed if "@removed" not in row} <= now
    assert {row["id"] for row in changed if "@removed" in row}.isdisjoint(now)
    shown = {row["id"] for row in truth(consented, "groups", "business_user")}
    changed = consented.rows(token, links[1])
    assert {row["id"] for row in changed if "@removed" not in row} <= shown


def test_others_see_the_whole_directory(consented: Connecting, browser: Browser) -> None:
    everybody = len(consented.simulator.oracle("users"))
    for name in ("user", "global_reader"):
        token = token_of(consented, browser, name)
        assert len(consented.rows(token, "users?$select=id&$top=999")) == everybody


def test_usage_reports_want_a_role(consented: Connecting, browser: Browser) -> None:
    for name, status in (("user", 403), ("business_user", 403), ("reports_reader", 302), ("global_reader", 302)):
        answer = consented.graph(token_of(consented, browser, name), REPORT)
        assert answer.status_code == status, (name, answer.text)
        if status == 403:
            assert answer.json()["error"]["code"] == "S2SUnauthorized"


def test_a_guest_sees_little(consented: Connecting, browser: Browser) -> None:
    token = token_of(consented, browser, "guest")
    users = consented.rows(token, "users?$select=id,userPrincipalName")
    assert len(users) == 1
    assert "#EXT#" in users[0]["userPrincipalName"]
    me = consented.graph(token, "me").json()
    assert me["id"] == users[0]["id"]


def test_a_tenant_may_keep_its_users_from_reading_others(consented: Connecting, browser: Browser) -> None:
    consented.simulator.control("rules", {"tenant": consented.simulator.tenant, "users_may_read_others": False})
    token = token_of(consented, browser, "user")
    mine = consented.simulator.person("user")["user_id"]
    assert [row["id"] for row in consented.rows(token, "users?$select=id")] == [mine]
    groups = consented.rows(token, "groups?$select=id&$top=999")
    assert len(groups) < len(consented.simulator.oracle("groups"))
    check_view(consented, token, "user")
    assert len(consented.rows(token_of(consented, browser, "global_reader"), "users?$select=id&$top=999")) > 1


def test_scopes_count_not_the_roles_of_the_application(connecting: Connecting, browser: Browser) -> None:
    token = connecting.tokens(browser, scope="openid User.Read")["access_token"]
    assert connecting.graph(token, "users?$select=id").status_code == 403
    assert connecting.graph(token, "me?$select=id,displayName").status_code == 200
    assert connecting.graph(token, "subscribedSkus").json()["error"]["code"] == "Authorization_RequestDenied"
