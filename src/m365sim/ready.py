"""What a running simulator tells whoever started it: the ready file and the certificates beside it."""

import os
import tempfile
from pathlib import Path

import msgspec

from m365sim.founding import Origin
from m365sim.settling import interactive_applications, people_facts, tenant_facts
from m365sim.world import World


class Papers:
    """The files of one run. They hold secrets, so they are private, and they go when the simulator does."""

    def __init__(self, ready_file: Path | None) -> None:
        self._ready = ready_file
        self._own = tempfile.TemporaryDirectory(prefix="m365sim-") if ready_file is None else None
        beside = Path(self._own.name) / "m365sim" if self._own is not None else Path(ready_file or "")
        folder, stem = beside.parent, beside.stem
        self.ca_bundle = folder / f"{stem}-ca.pem"
        self.certificate = folder / f"{stem}-certificate.pem"
        if ready_file is not None:
            ready_file.unlink(missing_ok=True)  # an old one would say that we are ready

    def write(self, facts: dict[str, object], ca_pem: str, certificate_pem: str) -> None:
        """The certificates first: whoever sees the ready file finds them."""
        write_private(self.ca_bundle, ca_pem.encode())
        write_private(self.certificate, certificate_pem.encode())
        if self._ready is not None:
            text = msgspec.json.format(msgspec.json.encode(facts), indent=1)
            write_private(self._ready, text + b"\n")

    def remove(self) -> None:
        for path in (self._ready, self.ca_bundle, self.certificate):
            if path is not None:
                path.unlink(missing_ok=True)
        if self._own is not None:
            self._own.cleanup()


def write_private(path: Path, content: bytes) -> None:
    """Mode 0600 from the first byte on, and whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def facts_of(world: World, origin: Origin, papers: Papers, ca_pem: str) -> dict[str, object]:
    """Everything that a client needs, and the planted registrations, people and tenants."""
    tenant = origin.tenant(world)
    default, *others = origin.planted
    return {
        "login_url": world.login_url,
        "graph_url": world.graph_url,
        "reports_url": world.reports_url,
        "control_url": f"{world.login_url}/_sim",
        "portal_url": f"{world.login_url}/portal",
        "ca_bundle": str(papers.ca_bundle),
        "ca_pem": ca_pem,
        "tenant": next((domain.id for domain in tenant.domains if domain.is_default), tenant.id),
        "tenant_id": tenant.id,
        "client_id": default.application.client_id,
        "client_secret": default.secret,
        "certificate": str(papers.certificate),
        "certificate_pem": certificate_pem(origin),
        "pid": os.getpid(),
        "applications": [
            *(
                {
                    "name": planted.name,
                    "client_id": planted.application.client_id,
                    "client_secret": planted.secret,
                    "purpose": planted.purpose,
                }
                for planted in others
            ),
            *interactive_applications(world),
        ],
        "people": people_facts(world),
        "tenants": tenant_facts(world),
    }


def certificate_pem(origin: Origin) -> str:
    """The private key and the certificate of the default registration."""
    return origin.certificate.private_pem + origin.certificate.certificate_pem
