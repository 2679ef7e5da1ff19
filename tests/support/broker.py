"""A RabbitMQ node of our own, from the files that ``install_rabbitmq.sh`` puts on the machine.

It has its own name, cookie, home, folders, ports and port mapper (epmd), all on loopback, and so
neither needs nor disturbs a RabbitMQ that already runs here.
"""

import atexit
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Self

_PATH = (
    f"{os.defpath}:/usr/sbin:/usr/local/bin:/usr/local/sbin:/opt/homebrew/sbin:/opt/homebrew/bin"
)
_START_SECONDS = 120.0
_STOP_SECONDS = 15.0
_SETTLE_SECONDS = 3.0

# An Erlang term: the usual rabbitmq.conf would cost a second of translation at every start.
_CONFIG = """\
[{{rabbit, [{{tcp_listeners, [{{"127.0.0.1", {port}}}]}}, {{disk_free_limit, 1000000}}]}},
 {{ra, [{{wal_max_size_bytes, 16000000}}]}}].
"""
_ERLANG = "+S 2:2 -start_epmd false -kernel inet_dist_use_interface {127,0,0,1}"
# When this process ends in whatever way, the pipe closes and its node must not outlive it.
_GUARD = 'read -r _; kill -s KILL -- "-$1" "-$2"; rm -rf "$3" || rm -rf "$3"'


class RabbitUnavailable(RuntimeError):
    """The node cannot be started; the message says why."""


class RabbitNode:
    """One RabbitMQ node without plugins, user guest/guest; empty at the first ``start()``.

    Takes 5 to 10 seconds to start. Only processes that it started are ever signalled.
    """

    def __init__(self) -> None:
        self._name = f"test-{secrets.token_hex(6)}@localhost"
        self._folder: Path | None = None
        self._ports: list[socket.socket] = []
        self._port = self._epmd_port = self._distribution_port = 0
        self._epmd: subprocess.Popen[bytes] | None = None
        self._server: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The node's address, the same from the first ``start()`` until ``stop()``."""
        return f"amqp://guest:guest@127.0.0.1:{self._port}/"

    @property
    def pids(self) -> list[int]:
        """The processes that run now: the Erlang machine and the port mapper."""
        return [process.pid for process in (self._server, self._epmd) if process is not None]

    def start(self) -> None:
        """Starts the node, after ``kill()`` with its data, and waits until it speaks AMQP.

        Does nothing if it runs already. Raises RabbitUnavailable.
        """
        if self._server is not None and self._server.poll() is None:
            return
        atexit.register(self.stop)
        try:
            self._end(signal.SIGKILL)
            self._start(self._folder or self._prepare())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stops the node in order and removes everything it had."""
        atexit.unregister(self.stop)
        self._end(signal.SIGTERM)
        self._release()
        if self._folder is not None:
            shutil.rmtree(self._folder)
        self._folder = None

    def kill(self) -> None:
        """Crashes the node (SIGKILL); ``start()`` brings it back with what was on disk.

        Waits up to a second for quorum queues that were just declared: RabbitMQ registers them
        on disk some time after it confirms them, and one it has not registered never works again.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        while not self._is_settled() and time.monotonic() < deadline:
            time.sleep(0.02)
        self._end(signal.SIGKILL)

    def freeze(self) -> None:
        """Stops the node's clock: connections stay open, nothing answers."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Lets a frozen node go on."""
        self._signal(signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _prepare(self) -> Path:
        self._folder = folder = Path(tempfile.mkdtemp(prefix="gongyue-rabbit-"))
        self._ports = [_reserved_port() for _ in range(3)]
        self._port, self._epmd_port, self._distribution_port = (
            port.getsockname()[1] for port in self._ports
        )
        if sys.platform != "linux":  # where a port cannot be reserved for someone else
            self._release()
        cookie = folder / ".erlang.cookie"
        cookie.write_text(secrets.token_hex(16))
        cookie.chmod(0o400)
        (folder / "advanced.config").write_text(_CONFIG.format(port=self._port))
        (folder / "enabled_plugins").write_text("[].\n")
        (folder / "env.conf").touch()
        # Every module is looked for in every plugin's folder: without them it starts faster.
        installed = _installation()
        (folder / "plugins").mkdir()
        for name in ("sbin", "escript"):
            (folder / name).symlink_to(installed / name)
        for plugin in (installed / "plugins").iterdir():
            if not plugin.name.startswith("rabbitmq_") or "prelaunch" in plugin.name:
                (folder / "plugins" / plugin.name).symlink_to(plugin)
        return folder

    def _release(self) -> None:
        for port in self._ports:
            port.close()
        self._ports = []

    def _start(self, folder: Path) -> None:
        epmd = ["epmd", "-address", "127.0.0.1", "-port", str(self._epmd_port)]
        self._epmd = self._spawn(folder, epmd)
        self._wait_for("its port mapper", folder, self._epmd, self._mapper_listens)
        self._server = self._spawn(folder, [str(folder / "sbin" / "rabbitmq-server")])
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self._server.pid), str(self._epmd.pid), folder],
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        self._wait_for("the node", folder, self._server, self._speaks_amqp)

    def _spawn(self, folder: Path, command: list[str]) -> subprocess.Popen[bytes]:
        with (folder / "output.log").open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment(folder),
                cwd=folder,
                start_new_session=True,
            )

    def _environment(self, folder: Path) -> dict[str, str]:
        return {
            "PATH": _PATH,
            "HOME": str(folder),
            "LANG": "C.UTF-8",
            "ERL_CRASH_DUMP": os.devnull,
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(self._epmd_port),
            # Makes the script become the Erlang machine: the process we start is the node.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_SCRIPTS_DIR": str(folder / "sbin"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_SCHEMA_DIR": str(folder / "schema"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "config"),
            "RABBITMQ_PID_FILE": str(folder / "rabbit.pid"),
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_DIST_PORT": str(self._distribution_port),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
        }

    def _wait_for(
        self,
        what: str,
        folder: Path,
        process: subprocess.Popen[bytes],
        ready: Callable[[], bool],
    ) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not ready():
            if process.poll() is not None or time.monotonic() > deadline:
                said = (folder / "output.log").read_text(errors="replace")[-2000:]
                raise RabbitUnavailable(f"RabbitMQ: {what} did not start; it said:\n{said}")
            time.sleep(0.05)

    def _mapper_listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._epmd_port), 2):
            return True
        return False

    def _speaks_amqp(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self._port), 2) as client:
            client.sendall(b"AMQP\x00\x00\x09\x01")
            return client.recv(1) == b"\x01"
        return False

    def _is_settled(self) -> bool:
        if self._folder is None:
            return True
        registries = self._folder.glob("mnesia/*/quorum/*/names.dets")
        return all(
            queue.name.encode() in registry.read_bytes()
            for registry in registries
            for queue in registry.parent.iterdir()
            if queue.is_dir()
        )

    def _end(self, how: signal.Signals) -> None:
        server, epmd, guard = self._server, self._epmd, self._guard
        self._server = self._epmd = self._guard = None
        _finish(server, signal.SIGCONT, how)
        _finish(epmd, signal.SIGTERM)
        _finish(guard, signal.SIGKILL)
        if guard is not None and guard.stdin is not None:
            guard.stdin.close()

    def _signal(self, what: signal.Signals) -> None:
        if self._server is None:
            raise RabbitUnavailable("the node does not run")
        self._server.send_signal(what)


def _finish(process: subprocess.Popen[bytes] | None, *signals: signal.Signals) -> None:
    if process is None:
        return
    for attempt in signals:
        process.send_signal(attempt)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _installation() -> Path:
    """The folder with RabbitMQ's sbin and plugins."""
    packaged = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
    found = str(packaged) if packaged.exists() else shutil.which("rabbitmq-server", path=_PATH)
    if found is None:
        script = Path(__file__).with_name("install_rabbitmq.sh")
        raise RabbitUnavailable(f"RabbitMQ is not installed; run: sh {script}")
    return Path(found).resolve().parent.parent


def _reserved_port() -> socket.socket:
    """Binds a free loopback port; only who sets SO_REUSEADDR, as Erlang does, can listen on it."""
    port = socket.socket()
    port.bind(("127.0.0.1", 0))
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return port
