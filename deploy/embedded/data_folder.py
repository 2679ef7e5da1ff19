"""The folder of a private PostgreSQL server, the account that it runs under, and who holds it.

It holds ``pgdata`` (the cluster), ``run`` (the socket, or a link to it where the path would be too
long), ``server.log`` and ``owner.pid`` (locked by the process using it). As root the server runs
under an existing unprivileged account, its files below ``/var/lib/gongyue``.
"""

import fcntl
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

_ROOT_HOME = Path("/var/lib/gongyue")
_TEMPORARY = "gongyue-pg-"
_SOCKET_PATH_LIMIT = 100
PATIENCE_SECONDS = 60.0
_ENVIRONMENT = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


class PostgresUnavailable(RuntimeError):
    """The server cannot be started, or refused what it was asked; the message says why."""


class Account(NamedTuple):
    """The account that runs the server; all None where it is the one we have."""

    user: int | None = None
    group: int | None = None
    groups: list[int] | None = None

    def spawn(
        self, command: Sequence[str | Path], stdin: int, output: int | IO[bytes]
    ) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 - fixed programs, no shell
            command,
            stdin=stdin,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            env=_ENVIRONMENT,
            start_new_session=True,
            user=self.user,
            group=self.group,
            extra_groups=self.groups,
        )

    def run(self, *command: str | Path, script: str = "") -> tuple[int, str]:
        with self.spawn(command, subprocess.PIPE, subprocess.PIPE) as process:
            output, _ = process.communicate(script)
        return process.returncode, output.strip()

    def may(self, *command: str | Path) -> bool:
        with suppress(PermissionError):
            return self.run(*command)[0] == 0
        return False

    def mkdir(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        if self.user is not None and self.group is not None:
            os.chown(folder, self.user, self.group)


def remove_abandoned(parent: Path, prefix: str) -> None:
    """Removes the data folders of processes that died, in ``parent`` under names that begin with ``prefix``.

    What still serves in them is stopped first; folders of living processes and of other accounts stay.
    """
    for left in parent.glob(f"{prefix}*"):
        # An empty owner.pid belongs to a process that is just about to lock it.
        with suppress(OSError):
            ours = left.stat().st_uid == os.geteuid() and lines_of(left / "owner.pid")
            if ours and (claim := claim_folder(left)) is not None:
                end_orphan(left / "pgdata")
                remove_sockets(left)
                shutil.rmtree(left)
                os.close(claim)


def account_for(cluster: Path) -> Account:
    """The account that may run the server in ``cluster``: ours, or as root the one that owns it or an unprivileged one."""
    if os.geteuid() != 0:
        return Account()
    if cluster.exists():
        owner = cluster.stat()
        return Account(owner.st_uid, owner.st_gid, [])
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, [])
    raise PostgresUnavailable("PostgreSQL refuses to run as root and no other account exists")


def new_folder(prefix: str, base: str | None = None) -> Path:
    """A new folder with a name of its own: in ``base``, or as root below ``/var/lib/gongyue``."""
    if os.geteuid() != 0:
        return Path(tempfile.mkdtemp(prefix=prefix, dir=base))
    if not _ROOT_HOME.exists():
        _ROOT_HOME.mkdir(exist_ok=True)
        _ROOT_HOME.chmod(0o711)
    folder = Path(tempfile.mkdtemp(prefix=prefix, dir=_ROOT_HOME))
    folder.chmod(0o711)
    return folder


def temporary_home() -> Path:
    """A new folder for a server that is gone with its process; those that dead processes left are removed."""
    home = new_folder(_TEMPORARY)
    remove_abandoned(home.parent, _TEMPORARY)
    return home


def persistent_home(data: Path) -> Path:
    """The folder that is meant by ``data``, made where there is none; PostgresUnavailable where it cannot be used."""
    home = data.resolve()
    if not home.exists():
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711 if os.geteuid() == 0 else 0o700)
    if home.stat().st_uid != os.geteuid():
        raise PostgresUnavailable(f"data folder {home} belongs to another account")
    if account_for(home / "pgdata").may("test", "-x", home):
        return home
    if any(home.iterdir()):
        raise PostgresUnavailable(f"PostgreSQL's account cannot reach data folder {home}")
    elsewhere = new_folder(f"{home.name}-")
    home.rmdir()
    home.symlink_to(elsewhere)
    return elsewhere


def claim_folder(home: Path, create: int = 0) -> int | None:
    """Locks the folder until this process ends; None if another one has it."""
    claim = os.open(home / "owner.pid", os.O_RDWR | os.O_NOFOLLOW | create, 0o644)
    try:
        fcntl.flock(claim, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(claim)
        return None
    os.ftruncate(claim, 0)
    os.write(claim, b"%d\n" % os.getpid())
    return claim


def make_sockets(home: Path, account: Account) -> Path:
    """An empty folder for the server's socket, with a path that is short enough for one."""
    remove_sockets(home)
    folder = home / "run"
    if len(os.fsencode(folder / ".s.PGSQL.65535.lock")) >= _SOCKET_PATH_LIMIT:
        parent = new_folder("gongyue-run-", "/tmp")  # noqa: S108 - the shortest there is
        folder.symlink_to(parent)
        folder = parent / "s"
    account.mkdir(folder)
    return folder


def remove_sockets(home: Path) -> None:
    """Removes the folder of the socket, wherever it is."""
    folder = home / "run"
    shutil.rmtree(folder.resolve(), ignore_errors=True)
    folder.unlink(missing_ok=True)


def end_orphan(cluster: Path) -> None:
    """Stops the server of a dead owner; to be called with the folder's lock held."""
    pid_file = cluster / "postmaster.pid"
    first = "".join(lines_of(pid_file)[:1])
    pid = int(first) if first.isdigit() else 0
    deadline = time.monotonic() + PATIENCE_SECONDS
    while _works_in(pid, cluster):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT if time.monotonic() < deadline else signal.SIGQUIT)
        time.sleep(0.02)
    if Path(f"/proc/{pid}").exists():
        # The number now belongs to a stranger, because of whom PostgreSQL would not start.
        pid_file.unlink(missing_ok=True)


def _works_in(pid: int, cluster: Path) -> bool:
    with suppress(OSError):
        return cluster.samefile(f"/proc/{pid}/cwd")
    return False


def lines_of(path: Path) -> list[str]:
    """The lines of a file; none where there is no file."""
    with suppress(FileNotFoundError):
        return path.read_text(errors="replace").splitlines()
    return []
