"""Pages: figures with their connector and completeness, tenant data as text, and what is said where nothing is."""

import re
from html import unescape

import httpx
import pytest
from tests.stocktake.web import world
from tests.stocktake.web.server import Serving

PAGES = ["/", "/subscriptions", "/users", "/groups", "/usage", "/runs", "/runs/1", f"/users/contoso/{world.user_id(1)}"]


@pytest.mark.parametrize("path", [*PAGES, f"/users/contoso/{world.user_id(2)}", "/users?q=%3Cscript%3E%22%27"])
def test_tenant_data_is_text(viewer: httpx.Client, path: str) -> None:
    page = viewer.get(path)
    assert page.status_code == 200
    assert "<script>" not in page.text
    assert "<b>all</b>" not in page.text
    assert re.findall(r"<script\b[^>]*>", page.text) == re.findall(r'<script src="/static/[^"]+" defer>', page.text)


def text_of(page: httpx.Response) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", page.text)).split())


def test_the_overview_counts_paid_products_by_connector(viewer: httpx.Client) -> None:
    page = text_of(viewer.get("/?connector=contoso"))
    assert "Bought 7 Assigned 4 Available 4 Over-assigned 1" in page
    assert "Microsoft 365 E3 2 3 0 1" in page
    assert "1 free and trial product, left out of the sums" in page
    assert "not permitted sign ins not permitted: needs AuditLog.Read.All." in page
    assert "Everything: it was the first to read 13 rows." in page
    assert "fabrikam subscriptions" not in page
    both = text_of(viewer.get("/"))
    assert "contoso subscriptions: complete as of" in both
    assert "fabrikam subscriptions: complete as of" in both


def test_every_grid_says_how_complete_it_is(viewer: httpx.Client) -> None:
    page = text_of(viewer.get("/users"))
    assert re.search(r"contoso incomplete as of 20\d\d-\d\d-\d\d \d\d:\d\d UTC : sign_ins: not permitted", page)
    assert re.search(r"fabrikam complete as of 20\d\d-\d\d-\d\d \d\d:\d\d UTC", page)
    for path in ("/subscriptions", "/groups", "/usage"):
        assert "contoso complete as of" in text_of(viewer.get(path))


def test_one_connector_shows_nothing_of_the_other(viewer: httpx.Client) -> None:
    for path in ("/", "/subscriptions", "/users", "/groups", "/usage", "/runs"):
        page = text_of(viewer.get(f"{path}?connector=fabrikam"))
        without_choice = page.replace("all (2) contoso fabrikam", "")
        assert "contoso" not in without_choice.lower(), path
    assert viewer.get(f"/users/fabrikam/{world.user_id(1)}").status_code == 404
    assert viewer.get(f"/users/contoso/{world.user_id(50)}").status_code == 404


def test_a_user_shows_licences_and_where_each_comes_from(viewer: httpx.Client) -> None:
    page = text_of(viewer.get(f"/users/contoso/{world.user_id(1)}"))
    assert "Microsoft 365 E3 direct Active" in page
    assert "Microsoft 365 E3 group Sales <b>all</b> Active" in page
    assert "Teams 2026-11-21 yes 2026-11-22" in page
    assert "Sign-in unknown: the connector may not read it (not permitted: needs AuditLog.Read.All)" in page
    assert "Direct member of Sales <b>all</b> microsoft365, gives licences" in page
    failed = text_of(viewer.get(f"/users/contoso/{world.user_id(3)}"))
    assert "Microsoft 365 E5 direct Error CountViolation" in failed
    assert "Exchange unknown: not matched: the report has no row that is certainly this user's" in failed


def test_unknown_sign_ins_are_no_absence(viewer: httpx.Client) -> None:
    assert "<em>unknown</em>" in viewer.get("/users?connector=contoso").text
    assert "<em>unknown</em>" not in viewer.get("/users?connector=fabrikam").text


@pytest.mark.parametrize(
    ("outcome", "reason", "shown"),
    [
        ("concealed", "codes in place of names", "unknown: Microsoft conceals the names in its reports"),
        ("not_permitted", "not permitted: needs Reports.Read.All", "unknown: the connector may not read it"),
        ("not_licensed", "not offered", "unknown: the tenant's licences do not include it"),
        ("failed", "broken", "unknown: it could not be read (broken)"),
    ],
)
def test_usage_is_unknown_with_its_reason(empty: Serving, outcome: str, reason: str, shown: str) -> None:
    store = empty.app.store
    rows = {name: found for name, found in world.contoso().items() if name != "usage"}
    world.read(store, world.connector(store, "contoso"), rows, {"active_users": (outcome, reason)})  # type: ignore[arg-type]
    with empty.signed_in() as client:
        assert f"Teams {shown}" in text_of(client.get(f"/users/contoso/{world.user_id(1)}"))
        usage = text_of(client.get("/usage"))
    assert f"activity is known for 0 of 3 licensed users; unknown for 3 : {reason}" in usage
    assert "contoso incomplete as of" in usage


def test_members_are_not_known_where_they_were_not_read(empty: Serving) -> None:
    store = empty.app.store
    contoso = world.connector(store, "contoso")
    world.read(store, contoso, world.contoso(), {"memberships": ("not_permitted", "needs Group.Read.All")})  # type: ignore[arg-type]
    with empty.signed_in() as client:
        assert 'title="memberships were not read"' in client.get("/groups").text
        page = text_of(client.get(f"/users/contoso/{world.user_id(1)}"))
    assert "Direct member of unknown: needs Group.Read.All" in page


@pytest.mark.parametrize("path", ["/", "/subscriptions", "/users", "/groups", "/usage", "/runs"])
def test_without_a_connector_a_page_says_what_to_do(empty: Serving, path: str) -> None:
    with empty.signed_in("administrator") as client:
        assert "stocktake connector add" in client.get(path).text
    with empty.signed_in("viewer") as client:
        assert "An administrator of this installation can add one" in client.get(path).text


def test_before_the_first_run_a_page_says_what_to_do(empty: Serving) -> None:
    world.connector(empty.app.store, "contoso")
    with empty.signed_in("analyst") as client:
        assert "Nothing has been read yet. Sync now reads the tenant" in text_of(client.get("/"))
        assert "contoso never synchronised" in text_of(client.get("/users"))
        assert "Start a sync under Runs" in text_of(client.get("/users"))
        assert "There is no run yet" in text_of(client.get("/runs"))


def test_runs_show_their_ledger(viewer: httpx.Client) -> None:
    listed = text_of(viewer.get("/runs"))
    assert "2 fabrikam complete" in listed
    assert "1 contoso incomplete" in listed
    page = text_of(viewer.get("/runs/1"))
    assert "sign ins not permitted 0" in page
    assert "users complete 4 4 0 0" in page
    assert viewer.get("/runs/99").status_code == 404
    assert viewer.get("/runs/x").status_code == 422


def test_only_those_who_may_are_offered_a_sync(console: Serving) -> None:
    with console.signed_in("viewer") as client:
        for path in ("/", "/runs"):
            assert "Sync now" not in client.get(path).text
    with console.signed_in("analyst") as client:
        for path in ("/", "/runs"):
            assert "Sync now" in client.get(path).text
