"""Resource units of a request (throttling-limits.md, identity and access; graph-facts 6)."""

from m365sim.graph.request import GraphRequest

_SMALL_PAGE = 20


def units(base: int, request: GraphRequest) -> int:
    """`base` is the published cost of the endpoint; $select and a small $top make it cheaper, $expand dearer."""
    options = {name.lower(): value for name, value in request.query}
    top = options.get("$top", "")
    cost = base - ("$select" in options) + ("$expand" in options)
    cost -= top.isascii() and top.isdigit() and int(top) < _SMALL_PAGE
    return max(cost, 1)
