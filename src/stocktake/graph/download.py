"""What a preauthenticated download address holds.

The address is on another host and authorises by itself: it never gets the token, and stands in no message. It lives for
a few minutes (report pages of Graph's documentation).
"""

from yarl import URL

from stocktake.errors import UntrustworthyAnswerError
from stocktake.graph.answers import repeatable
from stocktake.graph.gate import Gate, retry_after_s
from stocktake.graph.meter import Meter
from stocktake.graph.patience import Trial, pause
from stocktake.graph.transport import Answer, Ask, Interrupted, Transport, is_html

_ADDRESS_EXPIRED = frozenset({400, 401, 403, 404, 410})


async def fetch(transport: Transport, gate: Gate, address: URL, what: str, trial: Trial, meter: Meter) -> bytes | None:
    """The whole body behind `address`; None when the address has expired. `what` names the report for people."""
    while True:
        async with gate.admitted(meter):
            outcome = await transport.exchange(Ask(address), meter, fresh=trial.fresh)
            wait_s = _close(gate, outcome, trial) if isinstance(outcome, Answer) else None
        if isinstance(outcome, Interrupted):
            await pause(trial.after_failure(what, outcome.reason), meter, outcome.reason)
        elif outcome.status == 200 and not is_html(outcome):
            return outcome.body
        elif outcome.status in _ADDRESS_EXPIRED:
            return None
        elif outcome.status == 200 or repeatable(outcome.status, outcome.body):
            if outcome.status != 429:
                backoff = trial.after_failure(what, f"{address.host} answered {outcome.status}, which was no report")
                await pause(max(backoff, wait_s or 0.0), meter, f"{address.host} asked to wait")
        else:
            raise UntrustworthyAnswerError(
                f"{what}: the address that Microsoft Graph gave for the report answered {outcome.status}"
            )
        meter.retries += 1


def _close(gate: Gate, outcome: Answer, trial: Trial) -> float | None:
    """Seconds that the host asks for; while the slot is held, so that no other download slips in before."""
    asked = retry_after_s(outcome.headers)
    if outcome.status == 429:
        gate.close_for(trial.after_throttle() if asked is None else asked)
    elif outcome.status == 503 and asked is not None:
        gate.close_for(asked)
    return asked
