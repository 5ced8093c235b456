"""Every address of the console in reading order: method, path, what answers, and who may ask.

`None` stands for strangers; everything else needs a session of somebody with that role or a higher one. Whatever is
not GET is also checked for forgery. Both checks are put before each handler by application.py, not by the handlers.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stocktake.store.accounts import Role
from stocktake.web.pages import first_start, health, sign_in


@dataclass(frozen=True, slots=True)
class Address:
    method: str
    path: str
    handler: Callable[..., Any]
    role: Role | None


ROUTES: tuple[Address, ...] = (
    # Strangers
    Address("GET", "/health", health.show, None),
    Address("GET", "/sign-in", sign_in.show, None),
    Address("POST", "/sign-in", sign_in.submit, None),
    Address("GET", "/first-start/{token}", first_start.show, None),
    Address("POST", "/first-start/{token}", first_start.submit, None),
    # Whoever is signed in
    Address("POST", "/sign-out", sign_in.sign_out, "viewer"),
)
