"""Worker processes that are kept alive although they crash, and killed when told to."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager


class Kept:
    """One worker: started again whenever it died."""

    def __init__(self, arguments: Sequence[str]) -> None:
        self._arguments = arguments
        self._process: asyncio.subprocess.Process | None = None
        self.starts = 0

    async def keep(self) -> None:
        """Run it until cancelled."""
        try:
            while True:
                self.starts += 1
                self._process = await asyncio.create_subprocess_exec(
                    sys.executable, "-m", "tests.support.worker", *self._arguments
                )
                await self._process.wait()
        finally:
            await self.kill()

    async def kill(self) -> None:
        """SIGKILL it, now; ``keep`` starts it again."""
        process = self._process
        if process is not None and process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process.pid, 9)
            await process.wait()


@asynccontextmanager
async def kept(*commands: Sequence[str]) -> AsyncIterator[list[Kept]]:
    """Workers that run until the block ends."""
    workers = [Kept(arguments) for arguments in commands]
    tasks = [asyncio.create_task(worker.keep()) for worker in workers]
    try:
        yield workers
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
