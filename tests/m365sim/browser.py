"""A browser without a screen: follows redirects, finds forms, links and buttons by their words, sends forms."""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx


@dataclass
class Form:
    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list["Button"] = field(default_factory=list)


@dataclass
class Button:
    text: str
    name: str
    value: str
    action: str  # formaction, or empty


@dataclass
class Page:
    """What a person would see: words, links and forms."""

    address: str
    status: int
    text: str = ""
    html: str = ""
    forms: list[Form] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    marked: dict[str, str] = field(default_factory=dict)  # text by data-testid
    selects: dict[str, dict[str, str]] = field(default_factory=dict)  # name -> words -> value

    def form_of(self, button: str) -> tuple[Form, Button]:
        """The form with the button of these words."""
        for form in self.forms:
            for found in form.buttons:
                if found.text == button or found.text.startswith(button):
                    return form, found
        shown = [found.text for form in self.forms for found in form.buttons]
        raise AssertionError(f"no button {button!r} among {shown} on {self.address}: {self.text[:400]}")


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._form: Form | None = None
        self._button: tuple[Form, dict[str, str]] | None = None
        self._link: str | None = None
        self._words: list[str] = []
        self._select = ""
        self._option = ""
        self._textarea = ""
        self._mark: tuple[str, str] | None = None
        self._silent = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if "data-testid" in given:
            self._mark, self._words = (tag, given["data-testid"]), []
        if tag in {"style", "script"}:
            self._silent = True
        elif tag == "form":
            self._form = Form(given.get("action", ""), given.get("method", "get"))
            self.page.forms.append(self._form)
        elif tag == "a" and "href" in given:
            self._link, self._words = given["href"], []
        elif self._form is not None:
            self._start_control(tag, given)

    def _start_control(self, tag: str, given: dict[str, str]) -> None:
        form = self._form
        assert form is not None
        if tag == "button":
            self._button, self._words = (form, given), []
        elif tag == "input" and given.get("name"):
            ticked = given.get("type") not in {"checkbox", "radio"} or "checked" in given
            if ticked:
                form.fields[given["name"]] = given.get("value", "")
        elif tag == "select":
            self._select = given["name"]
            self.page.selects[self._select] = {}
        elif tag == "option":
            self._option, self._words = given.get("value", ""), []
            if "selected" in given:
                form.fields[self._select] = self._option
        elif tag == "textarea":
            self._textarea, self._words = given["name"], []

    def handle_endtag(self, tag: str) -> None:
        words = " ".join("".join(self._words).split())
        if self._mark is not None and tag == self._mark[0]:
            self.page.marked[self._mark[1]] = words
            self._mark = None
        if tag in {"style", "script"}:
            self._silent = False
        elif tag == "form":
            self._form = None
        elif tag == "a" and self._link is not None:
            self.page.links[words] = self._link
            self._link = None
        elif tag == "button" and self._button is not None:
            form, given = self._button
            button = Button(words, given.get("name", ""), given.get("value", ""), given.get("formaction", ""))
            form.buttons.append(button)
            self._button = None
        elif tag == "option":
            self.page.selects[self._select][words] = self._option or words
        elif tag == "textarea" and self._form is not None:
            self._form.fields[self._textarea] = "".join(self._words)

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self._words.append(data)
            self.page.text += data


class Browser:
    """One person's browser; stops at the first address outside `origin` and keeps it as `left_for`."""

    def __init__(self, origin: str, ca_bundle: str) -> None:
        self.origin = origin
        self.left_for: str | None = None
        context = ssl.create_default_context(cafile=ca_bundle)
        self._client = httpx.Client(verify=context, trust_env=False, timeout=30)
        self.page = Page("", 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def open(self, address: str, query: Mapping[str, str] | None = None) -> Page:
        target = httpx.URL(urljoin(self.page.address or self.origin, address))
        if query is not None:
            target = target.copy_merge_params(query)
        return self._land(self._client.get(target))

    def click(self, words: str) -> Page:
        """Follow the link of these words."""
        if words not in self.page.links:
            raise AssertionError(f"no link {words!r} among {list(self.page.links)} on {self.page.address}")
        return self.open(self.page.links[words])

    def press(
        self, words: str, fields: Mapping[str, str] | None = None, files: Mapping[str, bytes] | None = None
    ) -> Page:
        """Fill the fields of the form with this button, and press it."""
        form, button = self.page.form_of(words)
        sent = {**form.fields, **(fields or {})}
        if button.name:
            sent[button.name] = button.value
        address = urljoin(self.page.address, button.action or form.action)
        if form.method.lower() == "get":
            return self.open(address, sent)
        if urlsplit(address).netloc != urlsplit(self.origin).netloc:  # form_post to an application
            self.left_for = address
            self.page = Page(address, 0)
            self.posted = sent
            return self.page
        uploads = None if files is None else {name: ("file", content) for name, content in files.items()}
        return self._land(self._client.post(address, data=sent, files=uploads))

    def sign_in(self, name: str, password: str) -> Page:
        return self.press("Sign in", {"loginfmt": name, "passwd": password})

    @property
    def answer(self) -> dict[str, str]:
        """What the application was sent, by query or fragment."""
        assert self.left_for is not None, self.page.text
        parts = urlsplit(self.left_for)
        return dict(parse_qsl(parts.query or parts.fragment, keep_blank_values=True))

    def _land(self, response: httpx.Response) -> Page:
        self.left_for = None
        while response.is_redirect:
            target = urljoin(str(response.url), response.headers["Location"])
            if urlsplit(target).netloc != urlsplit(self.origin).netloc:
                self.left_for = target
                self.page = Page(target, response.status_code)
                return self.page
            response = self._client.get(target)
        self.page = Page(str(response.url), response.status_code, html=response.text)
        _Reader(self.page).feed(response.text)
        self.page.text = " ".join(self.page.text.split())
        return self.page
