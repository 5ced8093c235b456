"""Clouds that an administrator added beside Microsoft's own."""

from sqlalchemy import Row, delete, insert, select

from stocktake.errors import UsageError
from stocktake.identity.clouds import BUILT_IN, Cloud
from stocktake.store.engine import Store
from stocktake.store.tables import clouds


def add_cloud(store: Store, cloud: Cloud, *, replace: bool = False) -> None:
    """Keep a cloud. UsageError if the name is taken (by Microsoft's clouds always)."""
    if any(cloud.name == known.name for known in BUILT_IN):
        raise UsageError(f"cloud {cloud.name} is Microsoft's own", "choose another name")
    with store.write() as connection:
        taken = connection.execute(select(clouds.c.name).where(clouds.c.name == cloud.name)).first()
        if taken and not replace:
            raise UsageError(f"there is a cloud {cloud.name} already", "choose another name")
        connection.execute(delete(clouds).where(clouds.c.name == cloud.name))
        connection.execute(
            insert(clouds).values(
                name=cloud.name,
                login_url=cloud.login_url,
                graph_url=cloud.graph_url,
                ca_bundle=cloud.ca_bundle,
                reports=cloud.reports,
            )
        )


def list_clouds(store: Store) -> list[Cloud]:
    with store.read() as connection:
        added = [_cloud(row) for row in connection.execute(select(clouds).order_by(clouds.c.name))]
    return [*BUILT_IN, *added]


def get_cloud(store: Store, name: str) -> Cloud:
    """UsageError, naming the known ones, for an unknown name."""
    known = list_clouds(store)
    for cloud in known:
        if cloud.name == name:
            return cloud
    names = ", ".join(cloud.name for cloud in known)
    raise UsageError(f"there is no cloud {name}", f"use one of {names}, or add it with `stocktake cloud add`")


def _cloud(row: Row[tuple[str, str, str, str | None, bool]]) -> Cloud:
    return Cloud(
        name=row.name, login_url=row.login_url, graph_url=row.graph_url, ca_bundle=row.ca_bundle, reports=row.reports
    )
