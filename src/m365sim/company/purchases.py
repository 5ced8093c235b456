"""What was bought: SKUs with their units and the subscriptions behind them.

Units follow from the seats in use, so that each state of a purchase that Graph can show is there at every size.
"""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from m365sim.company.draw import DAY, guid
from m365sim.company.products import PRODUCTS
from m365sim.tenant import Sku, Subscription

_YEAR = 365
FREE_UNITS = {"POWER_BI_STANDARD": 1_000_000, "FLOW_FREE": 10_000, "TEAMS_EXPLORATORY": 1_000}


@dataclass(slots=True, frozen=True)
class Term:
    """One subscription of a SKU: `ends_in` days from now it moves to its next state, None if Microsoft names no day."""

    total: int
    status: str = "Enabled"
    ends_in: int | None = 200
    age: int = 800
    is_trial: bool = False


def _enough(share: float, ends_in: int = 200) -> Callable[[int], tuple[Term, ...]]:
    """Seats in use plus a reserve, rounded up to tens as one buys them."""
    return lambda used: (Term(-(-int(used * (1 + share) + 1) // 10) * 10, ends_in=ends_in),)


def _two_terms(used: int) -> tuple[Term, ...]:
    total = int(used * 1.02) + 5
    later = total // 4
    return Term(total - later, ends_in=130), Term(later, ends_in=310, age=60)


# The states of purchase, by part number; everything else has a reserve of some percent.
_PURCHASES: dict[str, Callable[[int], tuple[Term, ...]]] = {
    "SPE_E3": _two_terms,
    "SPE_E5": _enough(0.12),
    "SPE_F1": _enough(0.05, ends_in=95),
    "ENTERPRISEPREMIUM": _enough(0.6),
    # Bought fewer at the last renewal than are assigned: consumed exceeds enabled.
    "ENTERPRISEPACK": lambda used: (Term(max(1, used - max(1, used // 12)), ends_in=64),),
    "SPB": lambda used: (Term(used + 10), Term(15, "LockedOut", ends_in=25, age=420)),
    # Ran out some days ago and is in its grace period: nothing is enabled.
    "VISIOCLIENT": lambda used: (Term(used + 3, "Warning", ends_in=11, age=_YEAR + 19),),
    "EMSPREMIUM": lambda used: (Term(used + 5, "Suspended", ends_in=40, age=2 * _YEAR),),
    "PROJECTPROFESSIONAL": lambda used: (Term(used + 7, ends_in=20, age=345),),
    "AAD_PREMIUM_P2": lambda used: (Term(max(25, used + 2), ends_in=12, age=18, is_trial=True),),
    # Not one seat left, which is why members of the licensing group have CountViolation.
    "Microsoft_365_Copilot": lambda used: (Term(max(1, used), ends_in=215, age=150),),
    "POWER_BI_STANDARD": lambda used: (Term(FREE_UNITS["POWER_BI_STANDARD"], ends_in=None, age=2600),),
    "FLOW_FREE": lambda used: (Term(max(FREE_UNITS["FLOW_FREE"], 2 * used), ends_in=None, age=2100),),
    "TEAMS_EXPLORATORY": lambda used: (Term(max(FREE_UNITS["TEAMS_EXPLORATORY"], 2 * used), ends_in=160),),
    "POWER_BI_PRO": lambda used: (Term(used + 20), Term(5, "Suspended", ends_in=60, age=500)),
    "SHAREPOINTSTORAGE": lambda used: (Term(500, ends_in=150),),
}


def purchases(rng: Random, consumed: dict[str, int], now: int) -> dict[str, Sku]:
    """All SKUs of the tenant by id, for the seats in use by SKU id."""
    skus = {}
    for product in PRODUCTS.values():
        used = consumed.get(product.sku_id, 0)
        terms = _PURCHASES.get(product.part_number, _enough(0.08))(used)
        totals = dict.fromkeys(("Enabled", "Warning", "Suspended", "LockedOut"), 0)
        for term in terms:
            totals[term.status] += term.total
        skus[product.sku_id] = Sku(
            sku_id=product.sku_id,
            part_number=product.part_number,
            plans=product.plans,
            applies_to="Company" if all(plan.applies_to == "Company" for plan in product.plans) else "User",
            capability_status=terms[0].status,
            enabled=totals["Enabled"],
            warning=totals["Warning"],
            suspended=totals["Suspended"],
            locked_out=totals["LockedOut"],
            subscriptions=[_subscription(rng, term, now) for term in terms],
        )
    return skus


def _subscription(rng: Random, term: Term, now: int) -> Subscription:
    midnight = now - now % DAY
    return Subscription(
        id=guid(rng),
        commerce_subscription_id=guid(rng),
        status=term.status,
        total=term.total,
        is_trial=term.is_trial,
        created_at=midnight - term.age * DAY + rng.randrange(DAY),
        next_lifecycle_at=None if term.ends_in is None else midnight + term.ends_in * DAY,
    )
