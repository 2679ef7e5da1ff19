"""The clock advanced from outside: over HTTP where ``up`` serves the suite, on the databases of a deployment."""

from contextlib import AsyncExitStack
from datetime import timedelta
from pathlib import Path

import httpx

from deploy.clock import TestClock, Timed
from deploy.declared import services
from deploy.embedded.caller import Caller
from deploy.embedded.suite import ISSUER
from deploy.issuer import DevelopmentIssuer
from shared.db.work import Database
from shared.kernel.actor import Role

PATIENCE_SECONDS = 600


async def advance_embedded(days: int, data: Path) -> str:
    """Ask the suite that ``up`` serves from ``data``; procedure time then."""
    issuer = DevelopmentIssuer(
        data / "keys" / "issuer.json", issuer=ISSUER, environment="development"
    )
    url = (data / "url").read_text()
    async with httpx.AsyncClient(base_url=url, timeout=PATIENCE_SECONDS, trust_env=False) as http:
        operator = Caller(http, issuer, "dev:operator", Role.OPERATOR)
        answer = await operator.post("/v1/test-clock", {"days": days})
    return str(answer["now"])


async def advance_deployed(days: int) -> str:
    """Advance the clocks in the databases of the services that the environment declares."""
    async with AsyncExitStack() as stack:
        timed = []
        for service in services():
            url = service.settings.database_url.get_secret_value()
            database = Database(url, zone=service.suite.organ_zone)
            stack.push_async_callback(database.close)
            timed.append(Timed(service, database))
        clock = TestClock(timed)
        now = await clock.advance_to(await clock.now() + timedelta(days=days))
    return now.isoformat()
