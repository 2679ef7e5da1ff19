"""``/livez``, ``/readyz``, ``/metrics``: for the platform, without a token."""

from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from shared.logs import get_logger

log = get_logger(__name__)


def newest_revision(migrations: Path) -> str:
    """The revision that the code in this process needs: files are named ``0001_what_it_does.py``."""
    return max(file.name.partition("_")[0] for file in (migrations / "versions").glob("[0-9]*.py"))


async def readiness(app: FastAPI) -> dict[str, str]:
    """Each part's state, ``ok`` or one word for what is wrong; a service is ready when all are ``ok``."""
    state = {"database": "ok", "migrations": "ok", "parts": "ok"}
    try:
        async with app.state.database.engine.connect() as db:
            revision = await db.scalar(text("SELECT version_num FROM alembic_version"))
        if revision != newest_revision(app.state.service.migrations):
            state["migrations"] = "behind"
    except Exception as fault:  # any fault here means the same: not ready
        log.warning("not_ready", fault=type(fault).__name__)
        state["database"] = state["migrations"] = "unavailable"
    if app.state.background.failed:
        state["parts"] = "stopped"
    return state


def health_routes(apps: Sequence[FastAPI]) -> list[BaseRoute]:
    """The three routes for ``apps`` together: ready when all are; each metric says its service."""

    async def livez(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        states = {app.state.service.name: await readiness(app) for app in apps}
        ready = all(set(state.values()) == {"ok"} for state in states.values())
        return JSONResponse(
            {"status": "ok" if ready else "unavailable", "services": states},
            status_code=200 if ready else 503,
        )

    async def metrics(_: Request) -> Response:
        parts = [await app.state.metrics.exposition() for app in apps]
        return Response(_merged(parts), media_type=CONTENT_TYPE_LATEST)

    return [
        Route("/livez", livez, name="livez"),
        Route("/readyz", readyz, name="readyz"),
        Route("/metrics", metrics, name="metrics"),
    ]


def _merged(expositions: Sequence[bytes]) -> bytes:
    """One exposition: every metric's samples under one HELP and TYPE line, as the format demands."""
    families: dict[str, list[str]] = {}
    for exposition in expositions:
        samples: list[str] = []
        for line in exposition.decode().splitlines():
            if line.startswith("# HELP"):
                samples = families.setdefault(line, [])
            elif line.startswith("# TYPE"):
                if line not in samples:
                    samples.append(line)
            else:
                samples.append(line)
    return "".join(
        f"{help_line}\n" + "".join(f"{line}\n" for line in lines)
        for help_line, lines in families.items()
    ).encode()
