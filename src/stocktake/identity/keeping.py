"""Keeping an access token until shortly before its end, and asking for the next one with patience."""

import asyncio
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from stocktake.errors import ConfigurationError, TransientError
from stocktake.identity.entra_http import RepeatableError

_RENEW_BEFORE_S = 300.0
_NO_CLAIMS = "{}"


@dataclass(frozen=True, slots=True)
class TokenPatience:
    """Tries before giving up: few while there has been no token yet, more for a sync that is under way."""

    first_tries: int = 4
    later_tries: int = 8
    first_s: float = 0.5
    cap_s: float = 20.0

    def backoff_s(self, failures: int) -> float:
        ceiling = min(self.cap_s, self.first_s * 2.0 ** min(failures, 30))
        return random.uniform(ceiling / 2, ceiling)  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, slots=True)
class Kept:
    token: str = field(repr=False)
    until: float  # of time.monotonic

    @classmethod
    def of(cls, result: Mapping[str, Any], asked_at: float) -> "Kept":
        """From MSAL's answer, which holds an access token; `asked_at` is of time.monotonic."""
        lifetime = float(result.get("expires_in", 0))
        return cls(str(result["access_token"]), asked_at + lifetime - min(_RENEW_BEFORE_S, lifetime / 5))


class TokenKeeper:
    """A token source of graph.client for one event loop. `ask` makes one try, in a thread, with claims or without.

    RepeatableError of `ask` is worth another try; after as many as patience allows it becomes ConfigurationError (the
    host was never reached) or TransientError. Every other error of `ask` is passed on.
    """

    def __init__(self, ask: Callable[[str | None], Kept], patience: TokenPatience | None = None) -> None:
        self._ask = ask
        self._patience = patience or TokenPatience()
        self._kept: Kept | None = None
        self._asking = asyncio.Lock()

    async def token(self, *, claims: str | None = None) -> str:
        """The kept token until about five minutes before its end, else a new one; with `claims` always a new one.

        `claims` is the JSON text of a claims challenge; `{}` asks for nothing but a new token.
        """
        if claims is None and (kept := self._usable()) is not None:
            return kept
        async with self._asking:
            if claims is None and (kept := self._usable()) is not None:
                return kept
            self._kept = await self._ask_patiently(None if claims == _NO_CLAIMS else claims)
            return self._kept.token

    def _usable(self) -> str | None:
        kept = self._kept
        return kept.token if kept is not None and time.monotonic() < kept.until else None

    async def _ask_patiently(self, claims: str | None) -> Kept:
        tries = self._patience.first_tries if self._kept is None else self._patience.later_tries
        for failures in range(1, tries + 1):
            try:
                return await asyncio.to_thread(self._ask, claims)
            except RepeatableError as problem:
                if failures == tries:
                    raise given_up(problem, spoken_before=self._kept is not None) from None
                await asyncio.sleep(max(self._patience.backoff_s(failures), problem.retry_after_s or 0.0))
        raise AssertionError("unreachable")


def given_up(problem: RepeatableError, *, spoken_before: bool = False) -> ConfigurationError | TransientError:
    """What a failure that kept repeating means to people."""
    if problem.unreachable and not spoken_before:
        return ConfigurationError(problem.reason, "Check the network and the addresses of the connector's cloud")
    return TransientError(f"no access token: {problem.reason}", "Try again later")
