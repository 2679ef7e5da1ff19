"""P30: whatever the OpenAPI documents allow or forbid, the answer is one that they document."""

import asyncio
import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks

from tests.support.postgres import TestPostgres
from tests.support.requests import REQUESTS, Operation
from tests.support.world import Request, Who, World, peopled_world

EXAMPLES = 8
CALLERS = [Who.PUBLIC, Who.REGISTRAR, Who.SECRETARY, Who.FULL]
LEFT_OUT = {
    "positive_data_acceptance": "what has the right form may break a rule that no schema can say",
    "missing_required_header": "which headers are needed is judged by us; the corpus has those",
    "unsupported_method": "sends requests of its own; the corpus has them",
    "ignored_auth": "sends requests of its own; P32 has a table",
    "object_level_authorization": "P32 has a table",
    "ensure_resource_availability": "who sees what was made is a matter of that table too",
    "use_after_free": "what is deleted is made anew for each request; its own tests look for it",
}
LEFT_OUT_OF = {
    "import_members": {
        "negative_data_rejection": "whatever is sent as CSV is a text, as documented"
    }
}


class Running:
    """A world in a loop that stands still between the requests of tests that are no coroutines."""

    def __init__(self, runner: asyncio.Runner, world: World) -> None:
        self.runner = runner
        self.world = world
        self.documents = {
            service: schemathesis.openapi.from_dict(without_tokens(app.openapi()))
            for service, app in world.apps.items()
        }

    def send(self, case: Case[Any], who: Who, own: str) -> httpx.Response:
        """The answer to a made-up request that one of the callers sends."""
        sent = case.as_transport_kwargs(base_url=str(self.world.http.base_url))
        del sent["cookies"]
        sent["content"] = sent.pop("data", None)
        if bearer := self.world.bearer(who, own):
            sent["headers"]["Authorization"] = f"Bearer {bearer}"
        return self.runner.run(self.world.http.request(**sent))

    def make(self, operation: Operation) -> Request:
        """A good request for an operation."""
        return self.runner.run(self._made(operation))

    async def _made(self, operation: Operation) -> Request:
        return await REQUESTS[operation](self.world)


@pytest.fixture(scope="module")
def running(postgres: TestPostgres) -> Iterator[Running]:
    """The world and its loop."""
    with asyncio.Runner() as runner:
        opened = peopled_world(postgres)
        yield Running(runner, runner.run(opened.__aenter__()))
        runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize("mode", GenerationMode, ids=str)
@pytest.mark.parametrize("operation", REQUESTS, ids=".".join)
def test_any_input_gets_a_documented_answer(
    running: Running, operation: Operation, mode: GenerationMode
) -> None:
    service, name = operation
    described = running.documents[service].find_operation_by_id(name)
    good = running.make(operation)
    path = parameters(described.path, good.path)
    nowhere = described.as_strategy(mode)
    there = described.as_strategy(mode, path_parameters=path, headers={"If-Match": "*"})

    @seed(30)
    @settings(
        max_examples=EXAMPLES,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.one_of(there, nowhere), st.sampled_from([good.by] * len(CALLERS) + CALLERS))
    def answered(case: Case[Any], who: Who) -> None:
        answer = running.send(case, who, good.own)
        case.validate_response(answer, excluded_checks=left_out(name))

    try:
        answered()
    except Unsatisfiable:  # where nothing can be wrong, there is no wrong form
        assert mode is GenerationMode.NEGATIVE
        assert not [*described.body, *described.iter_parameters()]


def without_tokens(document: dict[str, Any]) -> dict[str, Any]:
    """The document without its security: the token of each request is ours, not made up."""
    paths = {
        path: {
            method: {key: value for key, value in operation.items() if key != "security"}
            for method, operation in operations.items()
        }
        for path, operations in document["paths"].items()
    }
    return {**document, "paths": paths}


def parameters(template: str, path: str) -> dict[str, str]:
    """What stands in ``path`` where ``template`` has names in braces."""
    pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", template)
    matched = re.fullmatch(pattern, path.partition("?")[0])
    assert matched is not None
    return matched.groupdict()


def left_out(operation: str) -> list[Any]:
    """The built-in checks that are not made of an operation."""
    load_all_checks()
    names = {*LEFT_OUT, *LEFT_OUT_OF.get(operation, {})}
    return [check for check in CHECKS.get_all() if check.__name__ in names]
