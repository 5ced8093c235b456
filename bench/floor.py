"""The floor: the requests that a first sync makes, answered and thrown away undecoded.

`python -m bench.floor READY_FILE CLIENT_ID` prints {"requests", "bytes"} as JSON. It signs in as the product does, and
keeps as many requests in flight; only nextLinks are looked for in the bodies, by a regular expression.
"""

import asyncio
import json
import re
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import msal
import requests
from yarl import URL

from stocktake.catalog import SOURCES, Report, Stream

_NEXT = re.compile(rb'"@odata\.nextLink":"([^"]+)"')
_GROUP = re.compile(rb'"id":"([0-9a-f-]{36})"')
_PARENTS_AT_ONCE = 80
_SKIPPED = {"sign_ins", "report_settings"}  # the connector of the comparison holds the guide's four permissions only


class Floor:
    """One run; counts what it asked for and what came back."""

    def __init__(self, facts: dict[str, Any], session: aiohttp.ClientSession, token: str) -> None:
        self.graph = f"{facts['graph_url']}/v1.0"
        self.session = session
        self.headers = {"Authorization": f"Bearer {token}"}
        self.requests = 0
        self.bytes = 0

    async def get(self, url: str, headers: dict[str, str] | None = None) -> tuple[bytes, str | None]:
        async with self.session.get(URL(url, encoded=True), allow_redirects=False, headers=headers) as answer:
            body = await answer.read()
            self.requests += 1
            self.bytes += len(body)
            return body, answer.headers.get("Location")

    async def pages(self, stream: Stream) -> AsyncIterator[bytes]:
        top = f"&$top={stream.page_sizes[0]}" if stream.page_sizes else ""
        url: str | None = f"{self.graph}{stream.path}?$select={','.join(stream.select)}{top}"
        while url:
            body, _ = await self.get(url, headers=self.headers)
            found = _NEXT.search(body)
            url = found[1].decode() if found else None
            yield body

    async def listing(self, stream: Stream) -> list[bytes]:
        return [body async for body in self.pages(stream)]

    async def batch(self, stream: Stream, groups: list[str]) -> None:
        query = f"?$select={','.join(stream.select)}&$top={stream.page_sizes[0]}"
        urls = [stream.path.replace("{id}", group) + query for group in groups]
        while urls:
            items = [{"id": str(place), "method": "GET", "url": url} for place, url in enumerate(urls)]
            async with self.session.post(
                f"{self.graph}/$batch", json={"requests": items}, headers=self.headers
            ) as answer:
                body = await answer.read()
            self.requests += 1
            self.bytes += len(body)
            urls = [link.decode().removeprefix(self.graph) for link in _NEXT.findall(body)]

    async def report(self, report: Report) -> None:
        _, location = await self.get(f"{self.graph}{report.path}", headers=self.headers)
        if location is not None:  # Copilot's report comes at once
            await self.get(location)

    async def run(self) -> None:
        streams = {source.name: source for source in SOURCES if isinstance(source, Stream)}
        plain = [
            name for name, stream in streams.items() if stream.parent is None and name not in _SKIPPED | {"groups"}
        ]
        reports = [source for source in SOURCES if isinstance(source, Report)]
        async with asyncio.TaskGroup() as group:
            for name in plain:
                group.create_task(self.listing(streams[name]))
            for report in reports:
                group.create_task(self.report(report))
            group.create_task(self.memberships(streams["groups"], streams["memberships"]))

    async def memberships(self, groups: Stream, members: Stream) -> None:
        ids = [found.decode() for body in await self.listing(groups) for found in _GROUP.findall(body)]
        for start in range(0, len(ids), _PARENTS_AT_ONCE):
            async with asyncio.TaskGroup() as group:
                part = ids[start : start + _PARENTS_AT_ONCE]
                for first in range(0, len(part), 20):
                    group.create_task(self.batch(members, part[first : first + 20]))


def access_token(facts: dict[str, Any], ca_file: str, application: dict[str, Any]) -> str:
    session = requests.Session()
    session.verify = ca_file
    session.trust_env = False
    client = msal.ConfidentialClientApplication(
        application["client_id"],
        authority=f"{facts['login_url']}/{facts['tenant']}",
        client_credential=application["client_secret"],
        instance_discovery=False,
        http_client=session,
    )
    answer = client.acquire_token_for_client([f"{facts['graph_url']}/.default"])
    session.close()
    return str(answer["access_token"])


async def main(facts: dict[str, Any], client_id: str) -> None:
    [application] = [one for one in facts["applications"] if one["client_id"] == client_id]
    context = ssl.create_default_context(cafile=facts["ca_bundle"])
    token = await asyncio.to_thread(access_token, facts, facts["ca_bundle"], application)
    connector = aiohttp.TCPConnector(ssl=context, limit=8)
    async with aiohttp.ClientSession(connector=connector, trust_env=False) as session:
        floor = Floor(facts, session, token)
        await floor.run()
    sys.stdout.write(json.dumps({"requests": floor.requests, "bytes": floor.bytes}))


if __name__ == "__main__":
    asyncio.run(main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")), sys.argv[2]))
