"""What every answer carries, and which Host headers are answered at all."""

import re
from pathlib import Path

import pytest
from tests.stocktake.web.server import Serving, serving

from stocktake.errors import ConfigurationError
from stocktake.settings import Settings
from stocktake.web.console import address_of
from stocktake.web.rendering import HERE

PATHS = ["/", "/sign-in", "/users", "/users?page=x", "/nothing", "/health", "/api/v1/users", "/static/console.css"]


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_carries_the_headers(console: Serving, path: str) -> None:
    with console.signed_in() as inside, console.stranger() as outside:
        for client in (inside, outside):
            headers = client.get(path).headers
            policy = headers["content-security-policy"]
            assert "default-src 'self'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "base-uri 'none'" in policy
            assert "form-action 'self'" in policy
            assert "unsafe" not in policy
            assert headers["x-content-type-options"] == "nosniff"
            assert headers["x-frame-options"] == "DENY"
            assert headers["referrer-policy"] == "same-origin"
            expected = "public, max-age=31536000, immutable" if path.startswith("/static/") else "no-store"
            assert headers["cache-control"] == expected


@pytest.mark.parametrize("host", ["evil.example", "localhost", "localhost:1", "", "licences.example"])
def test_another_host_is_refused(console: Serving, host: str) -> None:
    with console.signed_in() as client:
        answer = client.get("/users", headers={"Host": host})
    assert answer.status_code == 400
    assert console.address in answer.text
    assert "evil" not in answer.text


def test_this_machine_by_its_number_is_led_to_its_name(console: Serving) -> None:
    port = console.address.rpartition(":")[2]
    with console.stranger() as client:
        answer = client.get("/users?q=a%20b", headers={"Host": f"127.0.0.1:{port}"})
        assert (answer.status_code, answer.headers["location"]) == (307, f"{console.address}/users?q=a%20b")
        assert client.post("/sign-in", headers={"Host": f"127.0.0.1:{port}"}).status_code == 400


def test_behind_a_public_address_only_that_host_is_answered(tmp_path: Path) -> None:
    with serving(tmp_path, public_url="https://licences.example/") as served, served.stranger() as client:
        assert client.get("/sign-in").status_code == 400
        assert client.get("/sign-in", headers={"Host": "licences.example"}).status_code == 200
        assert client.get("/sign-in", headers={"Host": "licences.example.evil.example"}).status_code == 400
        assert client.get("/health").status_code == 200


def test_a_console_for_other_machines_has_to_know_its_name() -> None:
    with pytest.raises(ConfigurationError, match="by which address"):
        address_of(Settings(listen_host="0.0.0.0"))  # noqa: S104 - it is refused
    assert address_of(Settings(listen_host="::1", listen_port=9000)) == "http://localhost:9000"


def test_a_body_has_a_length_and_a_limit(console: Serving) -> None:
    with console.stranger() as client:
        assert client.post("/sign-in", content=b"x" * 2_000_000).status_code == 413
        assert client.post("/sign-in", content=iter([b"name=x"])).status_code == 411


def test_templates_hold_no_script_and_no_style_of_their_own() -> None:
    for template in sorted((HERE / "templates").glob("*.html")):
        text = template.read_text(encoding="utf-8")
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:|hx-on|\|\s*safe", text), template.name
        assert not re.search(r"<script(?![^>]*\ssrc=)", text), template.name
        assert not re.search(r"https?://", text), template.name


def test_a_fault_of_ours_shows_a_reference_and_nothing_else(fresh: Serving) -> None:
    with fresh.app.store.write() as connection:
        connection.exec_driver_sql("ALTER TABLE assignments RENAME TO lost")
    with fresh.signed_in() as client:
        page, program = client.get("/users"), client.get("/api/v1/users")
    assert page.status_code == program.status_code == 500
    assert re.search(r"The log has the cause under [0-9a-f]{8}\.", page.text)
    for answer in (page, program):
        assert "assignments" not in answer.text
        assert "Traceback" not in answer.text
        assert "default-src 'self'" in answer.headers["content-security-policy"]
