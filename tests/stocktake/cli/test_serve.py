"""`stocktake serve` and `stocktake user` as processes of their own."""

import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from tests.installation import Installation

PASSWORD = "correct horse battery"


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        found: int = probe.getsockname()[1]
    return found


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path / "home")


@contextmanager
def serving(installation: Installation, *arguments: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The process, and what it said until it was ready."""
    child = installation.start("serve", *arguments)
    assert child.stderr is not None
    try:
        said = child.stderr.readline()
        yield child, said
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
        child.communicate(timeout=30)


def test_the_first_start_from_the_printed_link_to_the_end(installation: Installation, port: int) -> None:
    with serving(installation, "--port", port) as (child, said):
        assert said == f"The console is at http://localhost:{port}\n"
        assert child.stderr is not None
        invited = child.stderr.readline()
        link = re.search(r"http://localhost:\d+(/first-start/[\w-]{43})$", invited.strip())
        assert link, invited
        with httpx.Client(base_url=f"http://localhost:{port}", trust_env=False) as client:
            form = re.search(r'name="csrf_token" value="([^"]+)"', client.get(link[1]).text)
            assert form
            data = {"csrf_token": form[1], "name": "ada", "password": PASSWORD, "repeated": PASSWORD}
            assert client.post(link[1], data=data).status_code == 303
            assert client.get("/api/v1/users").json()["rows"] == []
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=30)
        assert (child.returncode, out, err) == (0, "", "")
    assert [row["name"] for row in installation.ok("user", "list", "--json").json] == ["ada"]
    with serving(installation, "--port", port) as (child, _):
        child.send_signal(signal.SIGINT)
        _, err = child.communicate(timeout=30)
        assert (child.returncode, err) == (0, "")


def test_a_port_that_is_taken_is_told(installation: Installation) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = installation.run("serve", "--port", taken.getsockname()[1])
    assert done.code == 1
    assert "can't be listened on: Address already in use" in done.err


def test_other_machines_need_a_name_and_tls_needs_its_key(tmp_path: Path, installation: Installation) -> None:
    done = installation.run("serve", "--host", "0.0.0.0")  # noqa: S104 - it is refused
    assert (done.code, "STOCKTAKE_PUBLIC_URL" in done.err) == (1, True)
    half = Installation(tmp_path / "home", tls_certificate=tmp_path / "c.pem")
    assert half.run("serve").code == 2


def test_users_are_added_listed_shut_out_and_removed(tmp_path: Path, installation: Installation) -> None:
    secret = tmp_path / "password"
    secret.write_text(PASSWORD + "\n")
    installation.ok("user", "add", "ada", "--role", "administrator", "--password-file", secret)
    installation.ok("user", "add", "ben", "--role", "viewer", "--password-env", "PASSWORD", PASSWORD=PASSWORD)
    listed = installation.ok("user", "list", "--json").json
    assert [(row["name"], row["role"], row["enabled"]) for row in listed] == [
        ("ada", "administrator", True),
        ("ben", "viewer", True),
    ]
    assert not any("password" in name for name in listed[0])
    installation.ok("user", "disable", "BEN")
    assert [row["enabled"] for row in installation.ok("user", "list", "--json").json] == [True, False]
    installation.ok("user", "enable", "ben")
    installation.ok("user", "password", "ben", "--password-file", secret)
    installation.ok("user", "remove", "ben")
    assert "ben" not in installation.ok("user", "list").out


@pytest.mark.parametrize(
    ("arguments", "variables", "message"),
    [
        (("--role", "viewer", "--password-env", "P"), {"P": "short"}, "a password has 12 to 256 characters"),
        (("--role", "viewer", "--password-env", "P"), {}, "variable P holds no password"),
        (("--role", "viewer"), {}, "there is nobody to ask"),
        (("--role", "owner", "--password-env", "P"), {"P": PASSWORD}, "owner"),
        (("--role", "viewer", "--password-env", "P", "--password-file", "x"), {"P": PASSWORD}, "given twice"),
        (("--role", "viewer", "--password-file", "missing"), {}, "can't be read"),
    ],
)
def test_a_wrong_call_adds_nobody(
    installation: Installation, arguments: tuple[str, ...], variables: dict[str, str], message: str
) -> None:
    done = installation.run("user", "add", "eve", *arguments, **variables)
    assert (done.code, message in done.err) == (2, True), done.err
    assert installation.ok("user", "list", "--json").json == []


def test_a_name_is_taken_however_it_is_capitalised(installation: Installation) -> None:
    add = ("--role", "viewer", "--password-env", "P")
    installation.ok("user", "add", "Ada", *add, P=PASSWORD)
    done = installation.run("user", "add", "ada", *add, P=PASSWORD)
    assert (done.code, "there is an account ada already" in done.err) == (2, True)
