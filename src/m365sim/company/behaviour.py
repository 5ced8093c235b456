"""When people signed in and worked, in keeping with who they are and what they hold.

Activity stays within the licensed workloads and, but for those who joined since, ends where the usage reports end, two
days ago; sign-ins go up to now. None means never, as Graph's absent date does.
"""

from random import Random

from m365sim.activity import DAY, LAG_DAYS, workloads_of
from m365sim.company.draw import chance
from m365sim.tenant import SignIns, User

# Epoch days are kept once for the whole tenant: a directory of a million people shares a few hundred of them.
_DAYS: dict[int, int] = {}
# How likely an active holder of the licence uses the workload at all.
_USE = {"exchange": 0.97, "onedrive": 0.8, "sharepoint": 0.7, "skype": 0.02, "yammer": 0.12, "teams": 0.93}


def behave(rng: Random, user: User, now: int) -> None:
    """Set `sign_ins` and `activity` of a user whose licences stand."""
    match user.kind:
        case "service":
            user.sign_ins = _service(rng, now)
        case "shared" | "room":
            _work(rng, user, now, now - int(rng.expovariate(1 / (6 * DAY))), only="exchange")
        case "guest":
            user.sign_ins = _guest(rng, user, now)
        case _:
            _person(rng, user, now)


def _service(rng: Random, now: int) -> SignIns:
    last = now - int(rng.expovariate(1 / DAY)) - 60
    return SignIns(None, last, last if chance(rng, 0.9) else None)


def _guest(rng: Random, user: User, now: int) -> SignIns | None:
    if chance(rng, 0.4):
        return None
    last = max(user.created_at, now - int(rng.expovariate(1 / (120 * DAY))))
    return SignIns(last, last if chance(rng, 0.5) else None, last)


def _person(rng: Random, user: User, now: int) -> None:
    """Sign-ins and work of an employee: the kinds are shares of those who are still here."""
    if not user.account_enabled:
        _leaver(rng, user, now)
        return
    kind = rng.random()
    if kind < 0.04:
        if chance(rng, 0.5):  # a sign-in that never succeeded is all there is
            user.sign_ins = SignIns(max(user.created_at, now - 40 * DAY), None, None)
        return
    if kind < 0.09:
        _mailbox_only(rng, user, now)
        return
    if kind < 0.17:
        ago = rng.uniform(60, 400) * DAY
    elif kind < 0.29:
        ago = rng.uniform(7, 45) * DAY
    else:
        ago = rng.expovariate(1 / (1.5 * DAY)) + 300
    interactive = max(user.created_at, now - int(ago))
    silent = min(now, interactive + rng.randrange(5 * DAY)) if chance(rng, 0.8) else None
    successful = interactive if silent is None or chance(rng, 0.4) else max(interactive, silent)
    if chance(rng, 0.03):  # the last attempt failed
        interactive = min(now, interactive + rng.randrange(2 * DAY))
    user.sign_ins = SignIns(interactive, silent, successful)
    _work(rng, user, now, max(interactive, silent or 0))


def _leaver(rng: Random, user: User, now: int) -> None:
    left = max(user.created_at, now - int(rng.uniform(15, 500) * DAY))
    attempt = left if chance(rng, 0.8) else min(now, left + rng.randrange(30 * DAY))
    user.sign_ins = SignIns(attempt, left if chance(rng, 0.5) else None, left)
    _work(rng, user, now, left)


def _mailbox_only(rng: Random, user: User, now: int) -> None:
    """A telephone fetches the mail; its owner has not signed in for long."""
    silent = now - rng.randrange(3600, 2 * DAY)
    old = max(user.created_at, now - int(rng.uniform(100, 300) * DAY))
    user.sign_ins = SignIns(old, max(silent, user.created_at), max(silent, user.created_at))
    _work(rng, user, now, silent, only="exchange")


def _work(rng: Random, user: User, now: int, last: int, only: str | None = None) -> None:
    """Spread work over the workloads up to the instant `last`, none of it before the account existed.

    Somebody without a licence today worked while there was one: their activity is what a report still knows.
    """
    licensed = workloads_of(user.assignments)
    if not licensed and user.kind == "person" and not user.account_enabled:
        licensed = dict.fromkeys(("exchange", "onedrive", "teams"), 0)
    joined, covered = user.created_at // DAY, now // DAY - LAG_DAYS
    newest = last // DAY if joined > covered else min(last // DAY, covered)
    for workload in licensed:
        if (only is None or workload == only) and chance(rng, _USE[workload]):
            day = max(joined, newest - int(rng.expovariate(0.5)))
            user.activity[workload] = _DAYS.setdefault(day, day)
