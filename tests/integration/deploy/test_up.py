"""``gongyue up`` as a process of its own: what it started ends with it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.support.topologies import free_port

PATIENCE_SECONDS = 60


@pytest.fixture
def data(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "kept"
    server = tmp_path / "kept" / "postgres"
    if server.is_symlink():  # as root the files are elsewhere
        subprocess.run(["rm", "-rf", server.resolve()], check=True)


@contextmanager
def serving(data: Path, port: int) -> "Iterator[subprocess.Popen[bytes]]":
    """The command, once it answers; it is gone after the block."""
    command = [sys.executable, "-m", "deploy.cli", "up", "--port", str(port), "--data", str(data)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not answers(port):
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            yield process
        finally:
            process.kill()


def answers(port: int) -> bool:
    """Whether the suite is ready."""
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def server_of(data: Path) -> int:
    """The process of its PostgreSQL."""
    first, *_ = (data / "postgres" / "pgdata" / "postmaster.pid").read_text().splitlines()
    return int(first)


def test_its_database_ends_with_it_when_it_is_told_to_end(data: Path) -> None:
    with serving(data, free_port()) as process:
        server = server_of(data)
        os.kill(server, 0)
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)
