"""A process that gets access tokens for a delegated connector: `python -m … HOME CONNECTOR TIMES [hang]`.

It says "ready", begins when a line comes in, and says how many tokens it got. With `hang` it stops for ever between
receiving the first new refresh token and storing it, and says "received": whoever started it kills it there.
"""

import asyncio
import sys
from pathlib import Path

from stocktake.access.sources import application_of
from stocktake.access.vault import StoredVault
from stocktake.app import open_app
from stocktake.identity.grants import DelegatedTokens, Grant, Held
from stocktake.settings import Settings
from stocktake.store.clouds import get_cloud
from stocktake.store.connectors import get_connector


class Hanging(StoredVault):
    def replace(self, used: Held, new: Grant) -> None:
        assert new.refresh_token != used.grant.refresh_token
        _say("received")
        sys.stdin.read()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


async def _refresh(tokens: DelegatedTokens, times: int) -> int:
    return len({await tokens.token(claims="{}") for _ in range(times)})


def main(home: str, name: str, times: str, hang: str = "") -> None:
    with open_app(Settings(home=Path(home))) as app:
        connector = get_connector(app.store, name)
        vault = (Hanging if hang else StoredVault)(app.store, app.sealer, connector)
        application = application_of(app.settings, app.sealer, connector)
        cloud = get_cloud(app.store, connector.cloud)
        tokens = DelegatedTokens(cloud, connector.tenant, application, vault, name=name)
        _say("ready")
        sys.stdin.readline()
        _say(str(asyncio.run(_refresh(tokens, int(times)))))


if __name__ == "__main__":
    main(*sys.argv[1:])
