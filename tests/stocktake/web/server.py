"""The console as a real server on loopback, in a thread of the test's process, and people who use it."""

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import uvicorn

from stocktake.app import App, open_app
from stocktake.settings import Settings
from stocktake.store.accounts import Role, add_account, get_account
from stocktake.store.sessions import begin_session
from stocktake.web.application import create_console
from stocktake.web.passwords import hash_password, new_token, token_hash

SESSION = "stocktake-session"
PASSWORD = "correct horse battery"
_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


class Serving:
    """A console that runs, with one account of each role, named like the role."""

    def __init__(self, app: App, address: str) -> None:
        self.app = app
        self.address = address

    @contextmanager
    def stranger(self, **headers: str) -> Iterator[httpx.Client]:
        with httpx.Client(base_url=self.address, headers=headers, trust_env=False, timeout=30) as client:
            yield client

    @contextmanager
    def signed_in(self, name: str = "viewer") -> Iterator[httpx.Client]:
        """With a session that is put into the store: hashing a password for each test would take longer than it."""
        token = new_token()
        account = get_account(self.app.store, name)
        with self.app.store.write() as connection:
            begin_session(connection, account.id, token_hash(token), new_token())
        with self.stranger() as client:
            client.cookies.set(SESSION, token)
            yield client


def sign_in(client: httpx.Client, name: str, password: str = PASSWORD, after: str = "/") -> httpx.Response:
    form = client.get("/sign-in")
    return client.post(
        "/sign-in", data={"csrf_token": token_of(form), "name": name, "password": password, "next": after}
    )


def token_of(answer: httpx.Response) -> str:
    """What the forms of a page carry against forgery."""
    found = _TOKEN.search(answer.text)
    assert found, answer.text
    return found[1]


@contextmanager
def serving(
    home: Path, accounts: tuple[Role, ...] = ("viewer", "analyst", "administrator"), **values: object
) -> Iterator[Serving]:
    """A console on a free port; `values` are settings."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        settings = Settings(home=home, listen_port=port, **values)
        with open_app(settings) as app:
            hashed = hash_password(PASSWORD) if accounts else ""
            for role in accounts:
                add_account(app.store, role, hashed, role)
            console = create_console(app)
            with _running(uvicorn.Server(uvicorn.Config(console, log_config=None, access_log=False)), listener):
                served = Serving(app, f"http://localhost:{port}")
                with served.stranger() as client:
                    client.get("/health")  # answered once it has started, whatever that includes
                yield served


@contextmanager
def _running(server: uvicorn.Server, listener: socket.socket) -> Iterator[None]:
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join()
