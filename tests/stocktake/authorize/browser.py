"""A person with a browser at the simulator's sign-in pages, by plain HTTP."""

import re
from html import unescape
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

_ACTION = re.compile(r'<form[^>]*action="([^"]+)"')
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)"')


class Browser:
    """Follows redirects as long as they stay at the simulator; a context manager."""

    def __init__(self, ca_bundle: Path) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(ca_bundle)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def walk(self, address: str, person: dict[str, Any], answer: str = "accept") -> "Arrived":
        """Sign in and answer every page; where the browser ends up outside the simulator, or on which page it stays."""
        host = urlsplit(address).netloc
        shown = self._go("GET", address)
        for _ in range(12):
            if shown.is_redirect:
                target = urljoin(shown.url, shown.headers["Location"])
                if urlsplit(target).netloc != host:
                    return Arrived(target, "")
                shown = self._go("GET", target)
                continue
            fields = self._answers(shown.text, person, answer)
            if fields is None:
                return Arrived("", shown.text)
            action = _ACTION.search(shown.text)
            assert action, shown.text
            hidden = {name: unescape(value) for name, value in _HIDDEN.findall(shown.text)}
            target = urljoin(shown.url, unescape(action[1]))
            if "Need admin approval" in shown.text:
                target = target.replace("/signin/pick", "/signin/no-approval")
            shown = self._go("POST", target, {**hidden, **fields})
        raise AssertionError(shown.text)

    @staticmethod
    def _answers(text: str, person: dict[str, Any], answer: str) -> dict[str, str] | None:
        if 'role="alert"' in text or "<form" not in text:
            return None
        if 'name="passwd"' in text:
            return {"loginfmt": person["user_principal_name"], "passwd": person["password"]}
        if "Permissions requested" in text:
            return {"answer": answer}
        if "Approve sign in request" in text:
            return {"answer": "approve" if answer == "accept" else "deny"}
        return {"account": ""}  # another account than the one of before; or no approval

    def _go(self, method: str, address: str, fields: dict[str, str] | None = None) -> requests.Response:
        return self._session.request(method, address, data=fields, allow_redirects=False, timeout=30)


class Arrived:
    """`address` outside the simulator, or the text of the page that the browser stays on."""

    def __init__(self, address: str, text: str) -> None:
        self.address = address
        self.text = text

    @property
    def query(self) -> dict[str, str]:
        assert self.address, self.text
        return dict(parse_qsl(urlsplit(self.address).query))
