"""``gongyue``: run the suite, try it, look after it."""

import asyncio
import signal
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

LOOPBACK = "127.0.0.1"

Host = Annotated[str, typer.Option(help="The address to listen on.")]
Port = Annotated[int, typer.Option(help="Where to listen on loopback; another free port if taken.")]


@app.command()
def demo(
    port: Port = 0,
    list: Annotated[
        Path | None, typer.Option(help="A member list to import instead of an invented one.")
    ] = None,
    url: Annotated[
        str | None, typer.Option(help="Play on the deployment behind this gateway instead.")
    ] = None,
    data: Annotated[Path, typer.Option(help="Where that deployment's issuer has its key.")] = KEEP,
) -> None:
    """Play the main job on a suite of its own, and end."""
    from deploy.embedded.caller import Caller
    from deploy.embedded.demo import Demo
    from deploy.embedded.postgres import EmbeddedPostgres
    from deploy.embedded.suite import prepare, serving
    from deploy.embedded.systems import MembersSystems

    logs.configure(json=False, level="WARNING")
    _end_like_ctrl_c()
    given = list.read_bytes() if list else _if_there(DATA / "roll.csv")
    messy = None if list else _if_there(DATA / "roll-messy.gb18030.csv")
    if url is not None:
        from deploy.docker.play import play as play_deployed

        key_file = data / "keys" / "issuer.json"
        asyncio.run(play_deployed(url, key_file, console, member_list=given, messy=messy))
        return
    with console.status("Starting PostgreSQL and the suite"), EmbeddedPostgres() as postgres:
        suite = prepare(postgres, port=port, keys=None)

        async def play() -> None:
            async with serving(suite), suite.client() as http, MembersSystems() as systems:
                operator = Caller(http, suite.issuer, "dev:operator", Role.OPERATOR)

                async def advance(days: int) -> None:
                    await operator.post("/v1/test-clock", {"days": days})

                await Demo(
                    http,
                    suite.issuer,
                    advance,
                    systems,
                    console,
                    member_list=given,
                    messy=messy,
                    convention=_if_there(DATA / "convention.txt"),
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
    _end_like_ctrl_c()
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
def migrate(
    administrator: Annotated[
        str | None,
        typer.Option(
            envvar="GONGYUE_DATABASE_ADMINISTRATOR_URL",
            help="Make missing roles and databases first, as this administrator of the server.",
        ),
    ] = None,
) -> None:
    """Bring the database of every service in the environment to the newest revision."""
    from deploy.declared import services
    from deploy.docker.databases import make_databases
    from shared.db.migrations import upgrade

    declared = services()
    if administrator is not None:
        asyncio.run(make_databases(administrator, declared))
    for service in declared:
        upgrade(service.settings.database_url.get_secret_value(), service.migrations)
        console.print(f"[green]✓[/] {service.name}")


@app.command()
def topology(
    management: Annotated[
        str | None,
        typer.Option(
            envvar="GONGYUE_BROKER_MANAGEMENT_URL",
            help="Make each service's own user too, by the management API at this address.",
        ),
    ] = None,
) -> None:
    """Declare the exchanges and queues on RabbitMQ: once per deployment, with the right to configure."""
    from deploy.declared import services
    from deploy.docker.broker_users import make_broker_users, vhost_of
    from shared.messaging.rabbit import declare_topology
    from shared.settings import SuiteSettings

    broker = SuiteSettings().broker_url.get_secret_value()
    names = [service.name for service in services()]
    asyncio.run(declare_topology(broker, names))
    if management is not None:
        asyncio.run(make_broker_users(management, vhost_of(broker), names))
    console.print(f"[green]✓[/] queues for {', '.join(names)}")


@app.command()
def hub(host: Host = LOOPBACK, port: Port = 8910) -> None:
    """Serve what concerns all services behind a gateway: the documentation, and whether all are ready."""
    from deploy.declared import services
    from deploy.gateway.hub import create_hub
    from shared.serve import server

    logs.configure(json=True)
    server(create_hub(services()), host=host, port=port).run()


@app.command()
def issuer(
    host: Host = LOOPBACK,
    port: Port = 8900,
    key_file: Annotated[Path, typer.Option()] = KEEP / "keys" / "issuer.json",
) -> None:
    """Serve the development issuer's keys, for services that run on their own. Never in production."""
    from deploy.issuer import create_issuer
    from shared.serve import server
    from shared.settings import SuiteSettings

    suite = SuiteSettings()
    server(create_issuer(key_file, suite.issuer, suite.environment), host=host, port=port).run()


@app.command()
def verify(
    record: Annotated[Path, typer.Argument(help="A ballot's record: GET /v1/ballots/{id}/record.")],
    receipt: Annotated[
        list[Path] | None, typer.Option(help="A receipt of a vote in it; may be repeated.")
    ] = None,
    seal: Annotated[str | None, typer.Option(help="The seal as it was announced.")] = None,
) -> None:
    """Recount a ballot from its public record alone; exit status 1 where the record does not hold."""
    from deploy.verify import run

    receipts = [path.read_bytes() for path in receipt or ()]
    holds, lines = run(record.read_bytes(), receipts, seal)
    sys.stdout.write("\n".join(lines) + "\n")
    raise typer.Exit(0 if holds else 1)


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


def _end_like_ctrl_c() -> None:
    """Take SIGTERM as Ctrl-C: what a command has started ends with it, whoever ends the command."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)


def _if_there(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


if __name__ == "__main__":
    main()
