"""The rounds that it takes until every item of a batch has its final answer."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from stocktake.graph.answers import claims_challenge, repeatable
from stocktake.graph.batch import BATCH_LIMIT, BatchAnswer
from stocktake.graph.gate import Gate, retry_after_s, whole
from stocktake.graph.meter import Meter
from stocktake.graph.patience import Patience, Trial, pause

Path: TypeAlias = tuple[str, Mapping[str, str]]  # relative address and headers of an item


@dataclass(slots=True)
class Rounds:
    """Which items are still to be asked for, and from when on.

    `send` asks for at most 20 at once and answers by position; `renew` gets a new token for the given claims.
    """

    paths: Sequence[Path]
    send: Callable[[Sequence[Path]], Awaitable[dict[int, BatchAnswer]]]
    renew: Callable[[str | None], Awaitable[None]]
    gate: Gate
    patience: Patience
    meter: Meter
    _pending: dict[int, float] = field(init=False, repr=False)  # index of the item -> time of the loop
    _trials: list[Trial] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._pending = dict.fromkeys(range(len(self.paths)), 0.0)
        self._trials = [Trial(self.patience) for _ in self.paths]

    async def run(self) -> list[BatchAnswer]:
        """The final answers in the order of `paths`: 2xx, 3xx or 4xx. TransientError when an item keeps failing."""
        final: dict[int, BatchAnswer] = {}
        loop = asyncio.get_running_loop()
        while self._pending:
            wait_s = min(self._pending.values()) - loop.time()
            if wait_s > 0:
                await pause(wait_s, self.meter, "items of a batch failed")
            group = self._take(loop.time())
            answers = await self.send([self.paths[index] for index in group])
            refused: list[BatchAnswer] = []
            for position, index in enumerate(group):
                answer = answers.get(position)
                if answer is not None and self._is_final(index, answer, refused):
                    final[index] = answer
                elif answer is None:
                    self._again(index, self._trials[index].after_failure(self._what(index), "left out of a batch"))
            if refused:
                await self.renew(claims_challenge(refused[0].headers))
        return [final[index] for index in range(len(self.paths))]

    def _take(self, now: float) -> list[int]:
        due = [index for index, at in self._pending.items() if at <= now][:BATCH_LIMIT]
        for index in due:
            del self._pending[index]
        return due

    def _is_final(self, index: int, answer: BatchAnswer, refused: list[BatchAnswer]) -> bool:
        """Book one answer; one that is to be asked for again goes back, one without a valid token into `refused`."""
        trial = self._trials[index]
        retry_after = retry_after_s(answer.headers)
        self.meter.resource_units += whole(answer.headers.get("x-ms-resource-unit"))
        if "x-ms-throttle-limit-percentage" in answer.headers:  # items carry it, the batch around them does not
            self.gate.observe(answer.headers)
        if answer.status == 429:
            self.meter.throttled += 1
            self.gate.close_for(trial.after_throttle() if retry_after is None else retry_after)
            self._again(index, 0.0)
        elif answer.status == 401 and not trial.renewed:
            trial.renewed = True
            refused.append(answer)
            self._again(index, 0.0)
        elif repeatable(answer.status, answer.body):
            backoff = trial.after_failure(self._what(index), f"HTTP {answer.status} in a batch")
            self._again(index, backoff if retry_after is None else retry_after)
        else:
            return True
        return False

    def _again(self, index: int, seconds: float) -> None:
        self.meter.retries += 1
        self._pending[index] = asyncio.get_running_loop().time() + seconds if seconds else 0.0

    def _what(self, index: int) -> str:
        return self.paths[index][0].partition("?")[0]
