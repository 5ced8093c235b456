"""The simulator as a process: how it starts, what it says, how it ends."""

import json
import signal
import socket
import ssl
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from tests.simulator import Simulator

COMMAND = [sys.executable, "-m", "m365sim"]
SMALL = ["--users", "25", "--groups", "5"]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--users", "many"], "no whole number"),
        (["--users", "0"], "not from 1"),
        (["--port", "70000"], "not from 0 to 65535"),
        (["--colour"], "unrecognized arguments: --colour"),
        (["--seed"], "expected one argument"),
    ],
)
def test_wrong_arguments(arguments: list[str], words: str) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert words in done.stderr


def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run(*SMALL, "--port", str(taken.getsockname()[1]))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "Address already in use" in done.stderr


def test_an_address_that_is_not_ours() -> None:
    done = run(*SMALL, "--host", "192.0.2.1")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_a_ready_file_that_cannot_be_written(tmp_path: Path) -> None:
    done = run(*SMALL, "--ready-file", str(tmp_path / "missing" / "ready.json"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "missing" in done.stderr


def test_the_ready_file_and_what_stands_beside_it(tmp_path: Path) -> None:
    with Simulator(users=25, groups=5, folder=tmp_path) as simulator:
        facts = json.loads(simulator.ready_file.read_text())
        port = simulator.login_url.rpartition(":")[2]
        assert facts["login_url"] == facts["graph_url"] == f"https://localhost:{port}"
        assert facts["reports_url"] == f"https://127.0.0.1:{port}"
        assert facts["control_url"] == f"https://localhost:{port}/_sim"
        assert facts["pid"] == simulator.process.pid
        assert Path(facts["ca_bundle"]).read_text() == facts["ca_pem"]
        assert Path(facts["certificate"]).read_text() == facts["certificate_pem"]
        for path in (simulator.ready_file, simulator.ca_bundle, simulator.certificate):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert path.parent == tmp_path
        for item in facts["applications"]:
            assert set(item) == {"name", "client_id", "client_secret", "purpose"}
        assert {"guide", "least", "no consent", "expired secret"} <= {item["name"] for item in facts["applications"]}
        key = serialization.load_pem_private_key(facts["certificate_pem"].encode(), None)
        certificate = x509.load_pem_x509_certificate(facts["certificate_pem"].encode())
        assert key.public_key() == certificate.public_key()
        assert simulator.stop() == 0
        assert simulator.words() == ""
        assert [path.name for path in tmp_path.iterdir()] == ["stderr.txt"]


def test_localhost_and_the_loopback_addresses_are_trusted(simulator: Simulator) -> None:
    port = int(simulator.login_url.rpartition(":")[2])
    context = ssl.create_default_context(cadata=simulator.ca_pem)
    for name in ("localhost", "127.0.0.1"):
        with socket.create_connection((name, port)) as plain, context.wrap_socket(plain, server_hostname=name) as safe:
            assert safe.version() == "TLSv1.3"
    with (
        socket.create_connection(("127.0.0.1", port)) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
        ssl.create_default_context().wrap_socket(plain, server_hostname="localhost"),
    ):
        pass


def started(*arguments: str) -> tuple["subprocess.Popen[str]", str]:
    """A simulator that runs, and the first line that it printed."""
    child = subprocess.Popen([*COMMAND, *SMALL, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert child.stdout is not None
    return child, child.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_when_it_is_told_to(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready.json"
    child, line = started("--ready-file", str(ready))
    facts = json.loads(ready.read_text())
    assert line == f"m365sim: {facts['tenant']} at {facts['graph_url']}\n"
    child.send_signal(number)
    out, err = child.communicate(timeout=30)
    assert (child.returncode, out, err) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_a_request_in_flight_does_not_hold_it_up(tmp_path: Path) -> None:
    with Simulator("--latency", "60000", users=25, groups=5, folder=tmp_path) as simulator:
        failed: list[Exception] = []

        def wait() -> None:
            try:
                requests.get(f"{simulator.graph_url}/v1.0/users", verify=str(simulator.ca_bundle), timeout=100)
            except requests.RequestException as error:
                failed.append(error)

        waiting = threading.Thread(target=wait)
        waiting.start()
        while simulator.ledger()["requests"] == {}:
            pass
        assert simulator.stop() == 0
        waiting.join(30)
        assert len(failed) == 1


def test_without_a_ready_file_it_tells_a_person_how_to_use_it() -> None:
    child, line = started()
    assert child.stdout is not None
    told: dict[str, Any] = {}
    while "certificate" not in told:
        name, _, value = child.stdout.readline().strip().partition(" ")
        told[name] = value.strip()
    assert line.endswith(f" at {told['graph_url']}\n")
    assert {"login_url", "tenant", "client_id", "client_secret", "ca_bundle"} <= set(told)
    folder = Path(told["ca_bundle"]).parent
    assert folder.is_dir()
    child.terminate()
    child.communicate(timeout=30)
    assert child.returncode == 0
    assert not folder.exists()


def test_it_ends_with_its_parent(tmp_path: Path) -> None:
    parent = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    child, _ = started("--ready-file", str(tmp_path / "ready.json"), "--parent-pid", str(parent.pid))
    assert child.poll() is None
    parent.communicate(b"\n")
    child.communicate(timeout=30)
    assert child.returncode == 0


def test_a_parent_that_is_gone_already(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    done = run(*SMALL, "--ready-file", str(tmp_path / "ready.json"), "--quiet", "--parent-pid", str(gone.pid))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_switches_of_the_command_line(tmp_path: Path) -> None:
    options = ("--concealed", "--no-premium", "--latency", "1")
    with Simulator(*options, users=25, groups=5, folder=tmp_path) as simulator:
        for _ in range(2):
            state = simulator.control("state")
            assert (state["conceal_names"], state["premium"], state["latency_ms"]) == (True, False, 1)
            simulator.control("tenant", {"conceal_names": False})
            simulator.reset()


def test_the_same_seed_is_the_same_company(tmp_path: Path) -> None:
    with Simulator(users=25, groups=5, seed=9, folder=tmp_path) as simulator:
        first = (simulator.tenant_id, simulator.client_id, [row["id"] for row in simulator.oracle("users")])
        secret = simulator.client_secret
    with Simulator(users=25, groups=5, seed=9, folder=tmp_path) as simulator:
        assert (simulator.tenant_id, simulator.client_id, [row["id"] for row in simulator.oracle("users")]) == first
        assert simulator.client_secret != secret
