"""Where webhooks go to in the benchmark: an nginx that answers 204 and writes down what it got."""

import asyncio
import subprocess
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from tests.bench.tools import Tool
from tests.support.eventually import eventually
from tests.support.topologies import free_port

_CONFIGURATION = """
daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/errors;
events {{ worker_connections 4096; }}
http {{
  log_format got '$http_webhook_id$uri';
  access_log {folder}/got got buffer=1m flush=1s;
  client_body_temp_path {folder}/bodies; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
  keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port}; location / {{ return 204; }} }}
}}
"""


class Sink:
    """A running one."""

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._folder = folder

    async def received(self) -> list[str]:
        """What came in so far: each request's webhook-id and path."""
        await asyncio.sleep(1.5)  # it writes them down within a second
        return (self._folder / "got").read_text().splitlines()


@asynccontextmanager
async def running_sink(nginx: Tool) -> AsyncIterator[Sink]:
    """An nginx of one worker on loopback until the block ends."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder, port = Path(name), free_port()
        configuration = folder / "nginx.conf"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
        process = await asyncio.create_subprocess_exec(
            nginx.path,
            *("-p", name, "-c", str(configuration)),
            env=dict(nginx.environment),
            stderr=subprocess.DEVNULL,
        )
        try:
            await eventually(lambda: _answers(port))
            yield Sink(port, folder)
        finally:
            process.terminate()
            await process.wait()


async def _answers(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True
