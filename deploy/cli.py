"""``gongyue``: run the suite, try it, look after it."""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
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
    given = list or _if_there(DATA / "roll.csv")
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
                    member_list=given and given.read_bytes(),
                    messy=messy and messy.read_bytes(),
                ).play()

        console.print(f"[green]✓[/] The suite answers at {suite.url}")
        asyncio.run(play())
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
            asyncio.run(serve())
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


def main() -> None:
    """The entry point of the command."""
    app()


def _if_there(path: Path) -> Path | None:
    return path if path.exists() else None


if __name__ == "__main__":
    main()
