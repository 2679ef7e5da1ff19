"""``gongyue``: run the suite, try it, look after it."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated

import typer
import uvloop
from rich.console import Console
from rich.panel import Panel

from shared import logs
from shared.kernel.actor import Role

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="Gongyue (公约): the back office of a self-regulated industry.",
    pretty_exceptions_enable=False,
)
console = Console()

clock = typer.Typer(no_args_is_help=True, help="Procedure time, where GONGYUE_TEST_CLOCK is on.")
app.add_typer(clock, name="clock")

KEEP = Path(".gongyue")
DATA = Path("..") / "shared" / "data"

Port = Annotated[int, typer.Option(help="Where to listen on loopback; another free port if taken.")]


@app.command()
def demo(
    port: Port = 0,
    list: Annotated[
        Path | None, typer.Option(help="A member list to import instead of an invented one.")
    ] = None,
) -> None:
    """Play the main job on a suite of its own, and end."""
    from deploy.embedded.caller import Caller
    from deploy.embedded.demo import Demo
    from deploy.embedded.postgres import EmbeddedPostgres
    from deploy.embedded.suite import prepare, serving

    logs.configure(json=False, level="WARNING")
    given = list.read_bytes() if list else _if_there(DATA / "roll.csv")
    messy = None if list else _if_there(DATA / "roll-messy.gb18030.csv")
    with console.status("Starting PostgreSQL and the suite"), EmbeddedPostgres() as postgres:
        suite = prepare(postgres, port=port, keys=None)

        async def play() -> None:
            async with serving(suite), suite.client() as http:
                operator = Caller(http, suite.issuer, "dev:operator", Role.OPERATOR)

                async def advance(days: int) -> None:
                    await operator.post("/v1/test-clock", {"days": days})

                await Demo(
                    http,
                    suite.issuer,
                    advance,
                    console,
                    member_list=given,
                    messy=messy,
                ).play()

        console.print(f"[green]✓[/] The suite answers at {suite.url}")
        uvloop.run(play())
    console.print(
        Panel(
            "gongyue up                     keep a suite running (data in ./.gongyue)\n"
            "  then open /docs on it, and in a second terminal:\n"
            "gongyue token --role registrar a token to call the API with\n"
            "gongyue clock advance --days 40  let procedure time pass",
            title="Try next",
            expand=False,
        )
    )


@app.command()
def up(port: Port = 8000, data: Annotated[Path, typer.Option()] = KEEP) -> None:
    """Serve the suite on embedded defaults until Ctrl-C; data are kept."""
    from deploy.embedded.postgres import EmbeddedPostgres
    from deploy.embedded.suite import prepare, serving

    logs.configure(json=False)
    with EmbeddedPostgres(data.absolute() / "postgres") as postgres:
        suite = prepare(postgres, port=port, keys=data / "keys")
        (data / "url").write_text(suite.url)

        async def serve() -> None:
            async with serving(suite):
                console.print(
                    Panel(
                        f"{suite.url}/docs\n"
                        f"curl -s {suite.url}/v1/register\n"
                        f"curl -s {suite.url}/readyz",
                        title="Gongyue is up · Ctrl-C ends it",
                        expand=False,
                    )
                )
                await asyncio.Event().wait()

        try:
            uvloop.run(serve())
        except KeyboardInterrupt:
            console.print("Stopped.")


@app.command()
def token(
    role: Annotated[list[Role] | None, typer.Option(help="An organ role; may be repeated.")] = None,
    member: Annotated[str | None, typer.Option(help="The member to act for (mem_…).")] = None,
    sub: Annotated[str | None, typer.Option(help="The subject; follows from the others.")] = None,
    data: Annotated[Path, typer.Option()] = KEEP,
) -> None:
    """Print an access token of the development issuer for the suite that ``up`` serves (15 minutes)."""
    from deploy.embedded.suite import ISSUER
    from deploy.issuer import DevelopmentIssuer

    issuer = DevelopmentIssuer(
        data / "keys" / "issuer.json", issuer=ISSUER, environment="development"
    )
    subject = sub or (f"dev:{member}" if member else f"dev:{role[0]}" if role else "dev:applicant")
    sys.stdout.write(issuer.token(sub=subject, roles=role or (), member=member) + "\n")


@app.command()
def migrate() -> None:
    """Bring the database of every service in the environment to the newest revision."""
    from deploy.declared import services
    from shared.db.migrations import upgrade

    for service in services():
        upgrade(service.settings.database_url.get_secret_value(), service.migrations)
        console.print(f"[green]✓[/] {service.name}")


@app.command()
def topology() -> None:
    """Declare the exchanges and queues on RabbitMQ: once per deployment, with the right to configure."""
    from deploy.declared import services
    from shared.messaging.rabbit import declare_topology
    from shared.settings import SuiteSettings

    suite = SuiteSettings()
    names = [service.name for service in services()]
    asyncio.run(declare_topology(suite.broker_url.get_secret_value(), names))
    console.print(f"[green]✓[/] queues for {', '.join(names)}")


@app.command()
def issuer(
    port: Port = 8900,
    key_file: Annotated[Path, typer.Option()] = KEEP / "keys" / "issuer.json",
) -> None:
    """Serve the development issuer's keys, for services that run on their own. Never in production."""
    from deploy.issuer import create_issuer
    from shared.serve import server
    from shared.settings import SuiteSettings

    suite = SuiteSettings()
    server(create_issuer(key_file, suite.issuer, suite.environment), port=port).run()


@clock.command()
def advance(
    days: Annotated[int, typer.Option(help="How many days are to pass.")],
    data: Annotated[Path, typer.Option(help="Of the suite that `up` serves.")] = KEEP,
    deployed: Annotated[
        bool, typer.Option(help="The services in the environment instead, on their databases.")
    ] = False,
) -> None:
    """Let procedure time pass, from one due instant to the next, over all services."""
    from deploy.advancing import advance_deployed, advance_embedded

    now = asyncio.run(advance_deployed(days) if deployed else advance_embedded(days, data))
    console.print(f"[green]✓[/] It is now {now}")


def main() -> None:
    """The entry point of the command."""
    app()


def _if_there(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    main()
