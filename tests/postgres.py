"""A PostgreSQL of the tests' own, started once in a temporary directory, where the machine has its programs."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

REASON = "PostgreSQL is not installed: apt-get install postgresql (or set STOCKTAKE_TEST_POSTGRES_URL)"


def programs() -> Path | None:
    """The directory of initdb and pg_ctl, newest version first."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    return next(iter([*places, *([Path(on_path).parent] if on_path else [])]), None)


def cluster() -> Iterator[str]:
    """The address of a server; a fixture of session scope wraps this. Skips where there is none to start."""
    given = os.environ.get("STOCKTAKE_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    found = programs()
    if found is None:
        pytest.skip(REASON)
    folder = Path(tempfile.mkdtemp(prefix="stocktake-pg-"))
    user = _owner(folder)
    data = folder / "data"
    port = _free_port()
    try:
        _run(
            user, found / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C"
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        _run(user, found / "pg_ctl", "-D", data, "-o", options, "-w", "-l", folder / "log", "start")
        try:
            yield f"postgresql://postgres@127.0.0.1:{port}/postgres"
        finally:
            _run(user, found / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def database(server: str) -> Iterator[str]:
    """The address of an empty database, dropped afterwards."""
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
    try:
        yield server.rsplit("/", 1)[0] + f"/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


def _owner(folder: Path) -> str | None:
    """The server refuses to run as root: then it runs as postgres, who must own the folder."""
    if os.getuid() != 0:
        return None
    entry = pwd.getpwnam("postgres")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return "postgres"


def _run(user: str | None, *command: object) -> None:
    words = [str(word) for word in command]
    if user:
        words = ["runuser", "-u", user, "--", *words]
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
