"""One simulator on one port: sockets, application, and what ends it."""

import asyncio
import errno
import gc
import os
import signal
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from aiohttp import web

from m365sim.clock import Clock
from m365sim.control.routes import add_routes as add_control
from m365sim.founding import ORIGIN, Origin, Plan, found
from m365sim.graph.routes import add_routes as add_graph
from m365sim.identity.routes import add_routes as add_identity
from m365sim.middleware import observe
from m365sim.portal.routes import add_routes as add_portal
from m365sim.world import WORLD, World

_BACKLOG = 1024
_MOST_BODY = 16 * 1024 * 1024  # of a request; the largest real one is a batch
_TRIES = 20
_ENDING_S = 1.0  # how long requests in flight may still take
_LOOPBACK = "127.0.0.1"


class PortTakenError(Exception):
    """The address can't be listened on; the text says why, in one line."""


@dataclass(slots=True)
class Simulator:
    """A founded world and the sockets that it will be served on."""

    world: World
    origin: Origin
    sockets: list[socket.socket]


def prepare(plan: Plan, host: str, port: int) -> Simulator:
    """Listen and build the company. PortTakenError if the address is not to be had; port 0 takes a free one."""
    sockets = listen(host, port)
    taken = sockets[0].getsockname()[1]
    base = f"https://localhost:{taken}"
    world = World(Clock(), login_url=base, graph_url=base, reports_url=f"https://{_LOOPBACK}:{taken}")
    origin = found(world, plan)
    # What a company consists of need not be looked through again at every collection.
    gc.collect()
    gc.freeze()
    return Simulator(world, origin, sockets)


def listen(host: str, port: int) -> list[socket.socket]:
    """On loopback also by IPv6 on the same port: `localhost` may mean either, and must not mean somebody else."""
    for _ in range(_TRIES):
        first = _bound(host, port)
        if host != _LOOPBACK or not socket.has_ipv6:
            return [first]
        try:
            return [first, _bound("::1", first.getsockname()[1])]
        except PortTakenError as error:
            if not _is_in_use(error):
                return [first]  # this machine has no ::1
            first.close()
            if port:
                raise
    raise PortTakenError("no port is free on both 127.0.0.1 and ::1")


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise PortTakenError(f"can't listen on {host} port {port}: {error.strerror or error}") from error


def _is_in_use(error: PortTakenError) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno == errno.EADDRINUSE


def application(simulator: Simulator) -> web.Application:
    """Every address of the simulator."""
    app = web.Application(middlewares=[observe], client_max_size=_MOST_BODY)
    app[WORLD] = simulator.world
    app[ORIGIN] = simulator.origin
    add_control(app)
    add_graph(app)
    add_portal(app)
    add_identity(app)
    return app


async def serve(simulator: Simulator, context: ssl.SSLContext, parent: int | None, ready: Callable[[], None]) -> None:
    """Serve until SIGTERM, SIGINT or the parent's end; `ready` is called once the port answers."""
    # Handlers whose client is gone are cancelled: a stalled answer must not outlive the one who waited for it.
    runner = web.AppRunner(
        application(simulator), access_log=None, handler_cancellation=True, shutdown_timeout=_ENDING_S
    )
    await runner.setup()
    try:
        for bound in simulator.sockets:
            await web.SockSite(runner, bound, ssl_context=context, backlog=_BACKLOG).start()
        over = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, over.set)
        watching = None if parent is None else asyncio.create_task(_until_gone(parent, over))
        ready()
        await over.wait()
        if watching is not None:
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
    finally:
        await runner.cleanup()


async def _until_gone(parent: int, over: asyncio.Event) -> None:
    """Set the event when the process of that id has ended."""
    try:
        handle = os.pidfd_open(parent)
    except ProcessLookupError:
        over.set()
        return
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
        over.set()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
