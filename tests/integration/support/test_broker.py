"""RabbitMQ nodes of our own: real processes, real crashes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import gettempdir

import aio_pika
import pytest

from tests.support.broker import RabbitNode, RabbitUnavailable
from tests.support.eventually import eventually

pytestmark = pytest.mark.rabbit

OTHER_PROCESS = """
import sys
from tests.support.broker import RabbitNode
node = RabbitNode()
node.start()
print(*node.pids, flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def nodes() -> Iterator[tuple[RabbitNode, RabbitNode]]:
    with ExitStack() as stack:
        yield stack.enter_context(RabbitNode()), stack.enter_context(RabbitNode())


async def publish(url: str, queue: str, body: bytes) -> None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel(publisher_confirms=True)
        await channel.declare_queue(queue, durable=True, arguments={"x-queue-type": "quorum"})
        message = aio_pika.Message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
        await channel.default_exchange.publish(message, queue)


async def take(url: str, queue: str) -> bytes | None:
    async with await aio_pika.connect(url) as connection:
        channel = await connection.channel()
        message = await (await channel.get_queue(queue)).get(fail=False)
        if message is None:
            return None
        await message.ack()
        return message.body


def family(pids: list[int]) -> set[int]:
    """The processes and all they started, still there or not."""
    parents = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        parents[int(stat.parent.name)] = int(fields[1])
    found = set(pids)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def running(pids: set[int]) -> set[int]:
    """Those that still run; one that ended and waits for its parent does not."""
    alive = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError):
            continue
        alive |= set() if state == "Z" else {pid}
    return alive


def working_folder(pid: int) -> Path:
    return Path(f"/proc/{pid}/cwd").resolve()


async def test_two_nodes_crash_freeze_and_leave_nothing(
    nodes: tuple[RabbitNode, RabbitNode],
) -> None:
    first, second = nodes
    assert first.url != second.url
    await publish(first.url, "orders", b"kept")
    await publish(second.url, "orders", b"other")

    url, before = first.url, first.pids
    await asyncio.to_thread(first.kill)
    assert not running(set(before))
    assert await take(second.url, "orders") == b"other"
    with pytest.raises(aio_pika.exceptions.AMQPConnectionError):
        await take(url, "orders")
    await asyncio.to_thread(first.start)
    assert first.url == url
    assert await take(url, "orders") == b"kept"
    assert await take(url, "orders") is None

    second.freeze()
    frozen = asyncio.create_task(publish(second.url, "orders", b"late"))
    done, _ = await asyncio.wait([frozen], timeout=1)
    assert not done
    second.thaw()
    await frozen
    assert await take(second.url, "orders") == b"late"

    second.freeze()
    everything = family(first.pids + second.pids)
    assert len(everything) > 4
    for node in nodes:
        await asyncio.to_thread(node.stop)
    assert not first.pids

    async def all_gone() -> bool:
        return not running(everything)

    assert await eventually(all_gone, within=5)
    with pytest.raises(RabbitUnavailable):
        first.freeze()


async def test_it_listens_on_loopback_only(rabbit: RabbitNode) -> None:
    lines = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]  # noqa: ASYNC240 - not a disk
    ]
    sockets = {
        os.readlink(link)  # noqa: PTH115 - not a path
        for pid in rabbit.pids
        for link in Path(f"/proc/{pid}/fd").iterdir()  # noqa: ASYNC240
    }
    ours = {row[1].partition(":")[0] for row in lines if f"socket:[{row[9]}]" in sockets}
    loopback = {"0100007F", "00000000000000000000000001000000", "0000000000000000FFFF00000100007F"}
    assert ours
    assert ours <= loopback


async def test_a_killed_test_run_leaves_nothing() -> None:
    process = subprocess.Popen(  # noqa: ASYNC220 - read below in a thread
        [sys.executable, "-c", OTHER_PROCESS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": gettempdir()},
    )
    assert process.stdout is not None
    pids = [int(pid) for pid in (await asyncio.to_thread(process.stdout.readline)).split()]
    everything, folder = family(pids), working_folder(pids[0])
    assert len(everything) > 2
    assert folder.name.startswith("gongyue-rabbit-")
    process.send_signal(signal.SIGKILL)
    process.communicate()

    async def all_gone() -> bool:
        return not running(everything) and not folder.exists()

    assert await eventually(all_gone, within=10)
