"""The control plane's addresses. All bodies are JSON; a bad one is answered by 400 and one line."""

from aiohttp import web

from m365sim.control import interactive, judging, life, registered


def add_routes(app: web.Application) -> None:
    """The application holds the world as app[WORLD] and where it came from as app[ORIGIN]."""
    app.router.add_get("/_sim/state", life.state)
    app.router.add_post("/_sim/reset", life.reset)
    app.router.add_post("/_sim/change", life.change)
    app.router.add_post("/_sim/clock", life.move_clock)
    app.router.add_post("/_sim/tenant", life.switch)
    app.router.add_post("/_sim/latency", life.set_latency)
    app.router.add_post("/_sim/tokens", life.set_lifetime)
    app.router.add_get("/_sim/applications", registered.show_applications)
    app.router.add_post("/_sim/applications/{client_id}", registered.change_application)
    app.router.add_post("/_sim/sign", registered.sign_claims)
    app.router.add_get("/_sim/faults", judging.show_faults)
    app.router.add_post("/_sim/faults", judging.set_faults)
    app.router.add_delete("/_sim/faults", judging.clear_faults)
    app.router.add_get("/_sim/ledger", judging.show_ledger)
    app.router.add_delete("/_sim/ledger", judging.clear_ledger)
    app.router.add_get("/_sim/oracle/{dataset}", judging.show_truth)
    interactive.add_routes(app)
