"""Membership under its server, killed by itself when the first answer to a POST is to leave: after the commit."""

import argparse
import asyncio
import os
import signal
from pathlib import Path

import httpx
from pydantic import SecretStr
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from deploy.issuer import JWKS_PATH, DevelopmentIssuer
from services.membership.service import membership
from services.membership.settings import MembershipSettings
from shared import logs
from shared.http.tokens import TokenVerifier
from shared.messaging.memory import MemoryBus
from shared.serve import server
from shared.service import Part, create_app
from tests.support.suite import ISSUER, SUITE


class Mortal:
    """``app``, in a process that dies when the answer to a POST begins."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def last(message: Message) -> None:
            if message["type"] == "http.response.start" and scope["method"] == "POST":
                os.kill(os.getpid(), signal.SIGKILL)
            await send(message)

        await self._app(scope, receive, last if scope["type"] == "http" else send)


def main() -> None:
    """Serve on the given port until killed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--database", required=True)
    parser.add_argument("--keys", type=Path, required=True)
    parser.add_argument("--mortal", action="store_true")
    options = parser.parse_args()
    logs.configure(json=False, level="ERROR")
    issuer = DevelopmentIssuer(options.keys, issuer=ISSUER, environment="development")
    keys = httpx.AsyncClient(transport=httpx.ASGITransport(app=issuer.app()))
    app = create_app(
        membership(MembershipSettings(database_url=SecretStr(options.database)), SUITE),
        MemoryBus(),
        parts=[Part.API],
        tokens=TokenVerifier(issuer=ISSUER, jwks_url=f"http://keys.test{JWKS_PATH}", client=keys),
    )
    serving = server(Mortal(app) if options.mortal else app, port=options.port)
    asyncio.run(serving.serve())


if __name__ == "__main__":
    main()
