"""Users deleted within the last 30 days, whom an administrator can still restore (directory-deleteditems-list.md).

Their licences are gone with the deletion; Graph shows the properties of the account.
"""

from typing import Annotated

from msgspec import field

from stocktake.catalog.columns import Instant, Means
from stocktake.catalog.declaration import Dataset, Stream
from stocktake.catalog.users import User


class DeletedUser(User, rename="camel", gc=False):
    deleted_at: Annotated[Instant | None, Means("When the account was deleted.")] = field(
        default=None, name="deletedDateTime"
    )


DELETED_USERS = Stream(
    name="deleted_users",
    meaning="Users deleted within the last 30 days.",
    path="/directory/deletedItems/microsoft.graph.user",
    item=DeletedUser,
    datasets=(Dataset("deleted_users", record=DeletedUser, key=("id",)),),
    permissions=("User.Read.All", "Directory.Read.All"),
)
