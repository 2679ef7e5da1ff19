"""Which container answers which path: ``python -m deploy.gateway.upstreams`` writes ``upstreams.conf`` for nginx.

Made from the same lists of paths by which one process tells its services apart (``deploy/embedded/host.py``).
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

from deploy.declared import services
from shared.service import Service

PORT = 8000
ROLES = ("api", "worker")
HUB = f"hub:{PORT}"
FILE = Path(__file__).with_name("upstreams.conf")
MADE = "# Made by `python -m deploy.gateway.upstreams`; a test compares."


def address(service: str, role: str) -> str:
    """Where the containers of ``service`` in ``role`` listen, as the deployment's own network names them."""
    return f"{service}-{role}:{PORT}"


def upstreams(declared: Sequence[Service]) -> str:
    """The table of nginx: from a path's first two segments to the container that answers it, else the hub."""
    return "\n".join((MADE, "map $resource $upstream {", *_rows(declared), "}", ""))


def _rows(declared: Sequence[Service]) -> Iterator[str]:
    yield f"    default {HUB};"
    for service in declared:
        for path in service.paths:
            yield f"    v1/{path} {address(service.name, 'api')};"
        yield f"    operations/{service.name} {address(service.name, 'api')};"


if __name__ == "__main__":
    FILE.write_text(upstreams(services()), encoding="utf-8")
