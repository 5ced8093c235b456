"""Whom a report of people is about."""

from collections.abc import Iterator
from typing import NamedTuple

from m365sim.activity import DAY, iso_day, workloads_of
from m365sim.reports.window import Window
from m365sim.tenant import Assignment, Tenant, User


class Person(NamedTuple):
    """A user as the report sees them at the end of its window."""

    user: User
    held: tuple[Assignment, ...]
    deleted_day: int | None

    @property
    def is_deleted(self) -> bool:
        return self.deleted_day is not None

    @property
    def deleted_on(self) -> str | None:
        return None if self.deleted_day is None else iso_day(self.deleted_day)


def people(tenant: Tenant, window: Window) -> Iterator[Person]:
    """Everybody whom the report may know; the deleted ones last.

    Who joined after the window is missing; who was deleted after it is shown as present with the licences held until
    then; who was deleted before it began is gone. Licences themselves are shown as they are now: their past is not
    kept.
    """
    for user in tenant.users.values():
        if user.created_at // DAY <= window.last:
            yield Person(user, user.assignments, None)
    for user in tenant.deleted_users.values():
        deleted_day = (user.deleted_at or 0) // DAY
        if user.created_at // DAY > window.last or deleted_day < window.last - window.period:
            continue
        if deleted_day <= window.last:
            yield Person(user, (), deleted_day)
        else:
            yield Person(user, () if user.deleted_with is None else user.deleted_with.assignments, None)


def users_of(tenant: Tenant, window: Window, workload: str) -> Iterator[Person]:
    """Of the people those who have, or by their activity had, a licence of the workload."""
    for person in people(tenant, window):
        if workload in person.user.activity or workload in workloads_of(person.held):
            yield person
