"""When each account was last used to sign in.

Its own pass: selecting signInActivity limits a page to 500 users and a minute to 10 requests, needs AuditLog.Read.All
and an Entra ID P1 or P2 licence, and no delta tracks it (graph-facts 1.2, 1.3, 6, 8).
"""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from msgspec import Struct, field

from stocktake.catalog.columns import Instant, Means, ObjectId
from stocktake.catalog.declaration import Dataset, Stream, Workload
from stocktake.catalog.instants import instant


class SignInActivity(Struct, gc=False):
    interactive: str | None = field(default=None, name="lastSignInDateTime")
    non_interactive: str | None = field(default=None, name="lastNonInteractiveSignInDateTime")
    successful: str | None = field(default=None, name="lastSuccessfulSignInDateTime")


class SignInUser(Struct, rename="camel", gc=False):
    id: str
    sign_in_activity: SignInActivity | None = None


class SignIn(NamedTuple):
    user_id: Annotated[ObjectId, Means("Whose sign-ins.")]
    last_sign_in_at: Annotated[
        Instant | None,
        Means("Last attempt, interactive or not, successful or not: the later of Microsoft's two."),
    ]
    last_successful_sign_in_at: Annotated[
        Instant | None, Means("Last successful sign-in; Microsoft has kept it since 2023-12-01.")
    ]


def sign_ins_of(user: SignInUser) -> Iterator[SignIn]:
    """One row for every user: nulls say that Microsoft knows of no sign-in; a missing row, that we do not know."""
    activity = user.sign_in_activity or SignInActivity()
    attempts = [at for at in (instant(activity.interactive), instant(activity.non_interactive)) if at]
    successful = instant(activity.successful)
    yield SignIn(
        ObjectId(user.id),
        Instant(max(attempts)) if attempts else None,
        Instant(successful) if successful else None,
    )


SIGN_INS = Stream(
    name="sign_ins",
    meaning="Last sign-in of each account.",
    path="/users",
    item=SignInUser,
    datasets=(Dataset("sign_ins", record=SignIn, key=("user_id",), rows=sign_ins_of),),
    permissions=("AuditLog.Read.All",),
    page_sizes=(500, 120),
    counted="/users/$count",
    workload=Workload.SIGN_INS,
    optional=True,
)
