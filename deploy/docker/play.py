"""The main job played against a deployment, through its gateway, as a caller that does not give up."""

import asyncio
import socket
from pathlib import Path

import httpx
from rich.console import Console

from deploy.advancing import advance_deployed
from deploy.declared import services
from deploy.embedded.caller import Caller, StoryBroken
from deploy.embedded.demo import Demo
from deploy.embedded.systems import MembersSystems
from deploy.issuer import DevelopmentIssuer
from shared.http.idempotency import HEADER
from shared.kernel.actor import Role
from shared.kernel.ids import new_id
from shared.settings import SuiteSettings

PATIENCE_SECONDS = 120
PAUSE_SECONDS = 0.5
PASSING = (502, 503, 504)
"""What a gateway or a service answers while something behind it is down."""


class Persistent(httpx.AsyncHTTPTransport):
    """Asks again while a deployment is interrupted; every POST carries a key, so that it acts once however often it is sent."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            request.headers[HEADER] = new_id("key")
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    answer = await super().handle_async_request(request)
                    await answer.aread()
                except httpx.TransportError:
                    await asyncio.sleep(PAUSE_SECONDS)
                    continue
                is_running = answer.status_code == 409 and "retry-after" in answer.headers
                if answer.status_code not in PASSING and not is_running:
                    return answer
                await asyncio.sleep(PAUSE_SECONDS)


async def play(
    url: str, key_file: Path, console: Console, *, member_list: bytes | None, messy: bytes | None
) -> None:
    """Play the main job on the suite behind ``url`` if it has no members yet, and see that no event is left over.

    ``key_file``: the development issuer's. The environment names the databases, on whose clocks procedure time passes.
    Members' systems listen here, under this machine's own name. Raises ``StoryBroken`` where the suite does not do its
    part.
    """
    suite = SuiteSettings()
    issuer = DevelopmentIssuer(key_file, issuer=suite.issuer, environment=suite.environment)
    async with (
        httpx.AsyncClient(transport=Persistent(), base_url=url, timeout=60) as http,
        MembersSystems(host="0.0.0.0", name=socket.gethostname()) as systems,  # noqa: S104 - in its container
    ):
        operator = Caller(http, issuer, "dev:operator", Role.OPERATOR)
        if (await operator.get("/v1/register"))["members_count"]:
            console.print("The register has members already: the play is for a new suite.")
            return
        demo = Demo(http, issuer, _advance, systems, console, member_list=member_list, messy=messy)
        await demo.play()
        await _advance(1)
        await _see_that_nothing_is_left(operator)
        await demo.see_that_every_webhook_arrived()
    console.print("[green]✓[/] Every event was published and handled; none was refused or lost")


async def _advance(days: int) -> None:
    await advance_deployed(days)


async def _see_that_nothing_is_left(operator: Caller) -> None:
    for service in services():
        left = await operator.pages(f"/operations/{service.name}/outgoing-events")
        for status in ("pending", "refused", "dead"):
            path = f"/operations/{service.name}/incoming-events"
            left += await operator.pages(path, status=status)
        if left:
            raise StoryBroken(f"{service.name} has events left over: {left[:3]}")
