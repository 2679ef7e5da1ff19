"""P26: a success answer means committed. A commit that fails is told, and leaves nothing (finding F12)."""

import ast
import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import pytest_asyncio
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from shared.http.problems import MEDIA_TYPE
from shared.service import Part
from tests.support.postgres import TestPostgres
from tests.support.requests import REQUESTS, Operation
from tests.support.text_requests import ONCE
from tests.support.world import Request, World, fresh_services, running_world

in_the_loop_of_the_world = pytest.mark.asyncio(loop_scope="module")

ROOT = Path(__file__).parents[3]
READS = {
    operation
    for operation in REQUESTS
    if operation[1].startswith(("list_", "get_", "read_", "preview_"))
    and operation != ("notifications", "read_notice")  # which marks it as read
}
FAULTS = {"P0001": 500, "53100": 503}  # whatever it be; the disk is full

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'refusal'"
CONTENT = """
SELECT '{0}' AS name, count(*) AS rows,
       md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) AS digest FROM {0} t
"""
REFUSAL = "CREATE TABLE refusal (errcode text)"
REFUSE = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE asked text := (SELECT errcode FROM refusal);
BEGIN
    IF asked IS NOT NULL THEN RAISE EXCEPTION 'refused at commit' USING ERRCODE = asked; END IF;
    RETURN NULL;
END $$
"""
TRIGGER = """
CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE OR DELETE ON {0}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()
"""

Content = list[tuple[str, int, str]]


class Still(NamedTuple):
    """A world where nothing runs but the API, where commits fail when told to, and a request for every operation."""

    world: World
    requests: dict[Operation, Request]

    async def fail_commits(self, service: str, errcode: str | None) -> None:
        """Let every commit of something written fail with ``errcode`` from now on; None: let them succeed."""
        async with self.world.database(service).engine.begin() as db:
            await db.execute(text("DELETE FROM refusal"))
            await db.execute(text("INSERT INTO refusal VALUES (:errcode)"), {"errcode": errcode})

    async def content(self, service: str) -> Content:
        """How many rows each table holds, and a digest of them."""
        async with self.world.database(service).engine.connect() as db:
            tables = (await db.scalars(text(TABLES))).all()
            union = " UNION ALL ".join(map(CONTENT.format, tables))
            rows = await db.execute(text(f"{union} ORDER BY name"))
            return [(row.name, row.rows, row.digest) for row in rows]


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def still(postgres: TestPostgres) -> AsyncIterator[Still]:
    """Every request is made ready in a whole world, whose background then stops."""
    services = await asyncio.to_thread(fresh_services, postgres)
    async with running_world(services) as whole:
        await whole.people()
        await whole.bulletin()  # time passes for it, and claim codes expire
        requests = {operation: await fresh(whole) for operation, fresh in REQUESTS.items()}
        await whole.roster()
    async with running_world(services, parts=[Part.API]) as world:
        world.own = whole.own
        for app in world.apps.values():
            async with app.state.database.engine.begin() as db:
                tables = (await db.scalars(text(TABLES))).all()
                for statement in (REFUSAL, REFUSE, *map(TRIGGER.format, tables)):
                    await db.execute(text(statement))
        yield Still(world, requests)


@in_the_loop_of_the_world
@pytest.mark.parametrize(
    "operation", [made for made in REQUESTS if made not in READS | ONCE], ids=".".join
)
async def test_an_act_whose_commit_fails_is_no_success_and_leaves_nothing(
    still: Still, operation: Operation
) -> None:
    """And when commits succeed again, the same request with the same key acts: the failure was not stored."""
    service, request = operation[0], still.requests[operation]
    key = {"Idempotency-Key": operation[1]}
    before = await still.content(service)
    for errcode, status in FAULTS.items():
        await still.fail_commits(service, errcode)
        answer = await still.world.send(request, headers=key)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == MEDIA_TYPE
        assert await still.content(service) == before
    await still.fail_commits(service, None)
    answer = await still.world.send(request, headers=key)
    assert answer.is_success, answer.text
    assert "idempotency-replayed" not in answer.headers
    assert await still.content(service) != before


@in_the_loop_of_the_world
async def test_an_answer_that_does_not_wait_for_the_commit_is_found(
    still: Still, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: a build to which it is all the same how the commit ended."""
    commit = AsyncConnection.commit

    async def careless(connection: AsyncConnection) -> None:
        with suppress(DBAPIError):
            await commit(connection)

    before = await still.content("notifications")
    await still.fail_commits("notifications", "P0001")
    monkeypatch.setattr(AsyncConnection, "commit", careless)
    answer = await still.world.send(still.requests["notifications", "draft_circular"])
    assert answer.is_success
    assert await still.content("notifications") == before
    monkeypatch.undo()
    await still.fail_commits("notifications", None)


@in_the_loop_of_the_world
async def test_no_act_hides_among_the_operations_that_read(still: Still) -> None:
    assert {o for o, request in still.requests.items() if request.method == "GET"} == READS
    before = [await still.content(service) for service in still.world.apps]
    for operation in READS:
        assert (await still.world.send(still.requests[operation])).is_success
    assert [await still.content(service) for service in still.world.apps] == before


def test_no_dependency_commits_after_the_answer() -> None:
    """What stands after ``yield`` in a dependency runs when the answer has left."""
    files = [file for folder in ("services", "shared") for file in (ROOT / folder).rglob("*.py")]
    assert len(files) > 50
    trees = [ast.parse(file.read_text()) for file in files]
    assert dependencies_that_yield(trees) == set()


def test_a_dependency_that_yields_is_found() -> None:
    """The negative control."""
    source = "async def work():\n    yield 1\n\nWork = Annotated[int, Depends(work)]\n"
    assert dependencies_that_yield([ast.parse(source)]) == {"work"}


def dependencies_that_yield(trees: list[ast.Module]) -> set[str]:
    """The names of generators that are given to ``Depends``."""
    generators, depended = set[str](), set[str]()
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if any(isinstance(inner, ast.Yield | ast.YieldFrom) for inner in own_nodes(node)):
                    generators.add(node.name)
            elif isinstance(node, ast.Call) and called(node.func) in ("Depends", "Security"):
                depended |= {called(argument) for argument in node.args}
    return generators & depended


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of a function, but not of those defined in it."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield child
            yield from own_nodes(child)


def called(node: ast.expr) -> str:
    """The last part of a dotted name."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
