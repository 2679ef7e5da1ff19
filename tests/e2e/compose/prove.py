"""Proves ``docker-compose.yml`` by running it: ``python -m tests.e2e.compose.prove docker compose``.

The arguments are the command that runs Compose on the file. A project of its own is brought up, with secrets and a port of
its own; the main job is played through the gateway while the broker and services are killed; then all of it is taken down.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values

from tests.support.losses import counted, losses

ROOT = Path(__file__).parents[3]
PROJECT = "gongyue-proof"
LABEL = f"com.docker.compose.project={PROJECT}"
DOWN_SECONDS = 5


@dataclass(frozen=True, slots=True)
class Break:
    """Containers that are killed when the play tells a line with ``at`` in it, and started again a little later."""

    at: str
    killed: Sequence[str]


BREAKS = (
    Break("taken over from a list", ["rabbitmq", "membership-worker", "notifications-worker"]),
    Break("went to all", ["notifications-api", "membership-api"]),
)


class NotProved(SystemExit):
    """The deployment did otherwise than it should."""


class Deployment:
    """One Compose project, spoken to by ``compose`` and by the engine's own command."""

    def __init__(self, compose: Sequence[str], environment: Mapping[str, str]) -> None:
        self._compose = compose
        self._environment = environment

    def compose(self, *arguments: str) -> None:
        """Run Compose on the file; its output passes through."""
        subprocess.run(
            [*self._compose, *arguments], cwd=ROOT, env=dict(self._environment), check=True
        )

    def containers(self) -> dict[str, str]:
        """The id of each service's container, jobs included."""
        by = '{{.Label "com.docker.compose.service"}} {{.ID}}'
        listed = docker("ps", "--all", "--filter", f"label={LABEL}", "--format", by)
        return dict(sorted(line.split() for line in listed.splitlines()))

    def states(self) -> dict[str, str]:
        """What the engine says of each: its health, or how the job ended."""
        form = (
            "{{if .State.Health}}{{.State.Health.Status}}"
            "{{else}}{{.State.Status}} {{.State.ExitCode}}{{end}}"
        )
        return {
            name: docker("inspect", "--format", form, id).strip()
            for name, id in self.containers().items()
        }

    def kill(self, name: str) -> None:
        """SIGKILL the container of ``name``."""
        docker("kill", self.containers()[name])

    def start(self, name: str) -> None:
        """Start it again."""
        docker("start", self.containers()[name])

    def story(self) -> Iterator[str]:
        """What the play tells, line by line, until it ends."""
        following = ["docker", "logs", "--follow", self.containers()["demo"]]
        with subprocess.Popen(following, stdout=subprocess.PIPE, text=True) as told:
            for line in told.stdout or ():
                yield line.rstrip()

    def rows(self, database: str, query: str) -> set[str]:
        """What ``query`` answers in a service's database, a row a string."""
        psql = 'PGPASSWORD=$POSTGRES_PASSWORD psql -U postgres -At -d "$0" -c "$1"'
        answer = docker("exec", self.containers()["postgres"], "sh", "-c", psql, database, query)
        return set(answer.split())


def docker(*arguments: str) -> str:
    """What the engine's command prints."""
    return subprocess.run(
        ["docker", *arguments], check=True, stdout=subprocess.PIPE, text=True
    ).stdout


def prove(deployment: Deployment) -> None:
    """Bring it up, play, break and count; raises ``NotProved``."""
    started = time.monotonic()
    deployment.compose("up", "--detach", "--build")
    tell(f"up after {time.monotonic() - started:.0f} s")
    see_health(deployment, {"migrate": "exited 0", "topology": "exited 0"})
    play_and_break(deployment)
    see_health(
        deployment, dict.fromkeys(("migrate", "topology", "demo"), "exited 0"), within_seconds=120
    )
    see_that_nothing_is_lost(deployment)


def take_down(deployment: Deployment) -> None:
    """Take everything down; nothing of it may remain."""
    deployment.compose("down", "--volumes")
    left = [
        line
        for kind in (("ps", "--all"), ("network", "ls"), ("volume", "ls"))
        for line in docker(*kind, "--quiet", "--filter", f"label={LABEL}").splitlines()
    ]
    if left:
        raise NotProved(f"down left {left}")
    tell("down: no container, network or volume is left")


def see_health(
    deployment: Deployment, jobs: Mapping[str, str], *, within_seconds: float = 0
) -> None:
    """Every container that stays must be healthy, and the ``jobs`` must have ended so."""
    until = time.monotonic() + within_seconds
    while True:
        states = {name: state for name, state in deployment.states().items() if name != "demo"}
        wrong = {n: s for n, s in states.items() if s != jobs.get(n, "healthy")}
        if not wrong:
            break
        if time.monotonic() > until:
            raise NotProved(f"not healthy: {wrong}")
        time.sleep(2)
    tell(", ".join(f"{name} {state}" for name, state in states.items()))


def play_and_break(deployment: Deployment) -> None:
    """Listen to the play, and kill at the lines that were chosen."""
    left = list(BREAKS)
    for line in deployment.story():
        tell(f"  {line}")
        if left and left[0].at in line:
            for name in left[0].killed:
                deployment.kill(name)
            tell(f"killed {', '.join(left[0].killed)}")
            time.sleep(DOWN_SECONDS)
            for name in left.pop(0).killed:
                deployment.start(name)
            tell("started again")
    ended = deployment.states()["demo"]
    if ended != "exited 0" or left:
        raise NotProved(f"the play {ended}; not broken: {left}")


def see_that_nothing_is_lost(deployment: Deployment, *, within_seconds: float = 60) -> None:
    """What each service announced, every listener has handled; what members' systems were to be told, they were told."""
    until = time.monotonic() + within_seconds
    while lost := losses(deployment.rows):
        if time.monotonic() > until:
            raise NotProved("; ".join(lost))
        time.sleep(2)
    tell(counted(deployment.rows))


def tell(line: str) -> None:
    """A line with the time."""
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {line}\n")
    sys.stdout.flush()


def environment(secrets: Path) -> dict[str, str]:
    """This process's environment and what a demonstration needs: fresh secrets, a project and a port of its own."""
    with socket.socket() as probe:
        probe.bind(("", 0))
        port = str(probe.getsockname()[1])
    given = dict(os.environ)  # noqa: TID251 - Compose reads its variables there
    given |= {"ENV_FILE": str(secrets), "COMPOSE_PROJECT_NAME": PROJECT, "GONGYUE_PORT": port}
    subprocess.run(["sh", "deploy/docker/make-env", "demo"], cwd=ROOT, env=given, check=True)
    return given | {name: value or "" for name, value in dotenv_values(secrets).items()}


def main() -> None:
    """Prove it; in any case nothing is left behind."""
    compose = sys.argv[1:] or ["docker", "compose"]
    with tempfile.TemporaryDirectory() as folder:
        deployment = Deployment(compose, environment(Path(folder) / "env"))
        try:
            prove(deployment)
        finally:
            take_down(deployment)


if __name__ == "__main__":
    main()
