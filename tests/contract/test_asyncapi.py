"""The AsyncAPI document: valid by the official schema, complete by the catalogue, true to what the bus does."""

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator  # type: ignore[import-untyped]

from shared.contracts.asyncapi import EVENTS_EXCHANGE, asyncapi
from shared.contracts.base import Classification
from shared.contracts.catalog import CATALOG, bindings_of
from shared.messaging import rabbit
from shared.messaging.bus import topic_matches
from tests.contract.freeze import EXAMPLES

CACHE = Path(__file__).parents[2] / ".cache"
OFFICIAL_SCHEMAS = "6.11.1"
"""The release of the npm package ``@asyncapi/specs`` that the document is checked against."""

each_type = pytest.mark.parametrize("type_", CATALOG)


@cache
def document() -> dict[str, Any]:
    """The document of the whole catalogue, as JSON."""
    examples = {
        type_: json.loads((EXAMPLES / f"{type_}.json").read_text(encoding="utf-8"))
        for type_ in CATALOG
    }
    made: dict[str, Any] = json.loads(json.dumps(asyncapi(CATALOG, "0.1.0", examples)))
    return made


def at(pointer: str) -> Any:
    """What a local reference such as ``#/channels/x`` points at."""
    place: Any = document()
    for part in pointer.removeprefix("#/").split("/"):
        place = place[part]
    return place


def references(part: Any) -> list[str]:
    """Every ``$ref`` at any depth of ``part``."""
    if isinstance(part, list):
        return [found for item in part for found in references(item)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [found for item in part.values() for found in references(item)]


@pytest.fixture(scope="session")
def official_schema(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The official JSON schema of AsyncAPI 3.1.0, fetched once by npm into the repository's cache."""
    schema = CACHE / f"asyncapi-3.1.0-specs-{OFFICIAL_SCHEMAS}.json"
    if not schema.exists():
        npm = shutil.which("npm")
        if npm is None or shutil.which("node") is None:
            pytest.skip(
                "Node.js is absent (node, npm): the official AsyncAPI schema is not checked"
            )
        folder = tmp_path_factory.mktemp("asyncapi-specs")
        command = [npm, "install", "--prefix", str(folder), "--ignore-scripts", "--no-save"]
        command += ["--no-audit", "--no-fund", f"@asyncapi/specs@{OFFICIAL_SCHEMAS}"]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        CACHE.mkdir(exist_ok=True)
        whole = CACHE / f"{schema.name}.{os.getpid()}"
        shutil.copyfile(folder / "node_modules/@asyncapi/specs/schemas/3.1.0.json", whole)
        whole.replace(schema)
    read: dict[str, Any] = json.loads(schema.read_text(encoding="utf-8"))
    return read


def test_the_document_is_valid_by_the_official_schema(official_schema: dict[str, Any]) -> None:
    found = [
        f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
        for error in Draft7Validator(official_schema).iter_errors(document())
    ]
    assert found == []


def test_the_official_schema_refuses_a_wrong_document(official_schema: dict[str, Any]) -> None:
    wrong = json.loads(json.dumps(document()))
    first = next(iter(wrong["channels"].values()))
    first["bindings"]["amqp"]["is"] = "mailbox"
    assert not Draft7Validator(official_schema).is_valid(wrong)


def test_every_type_of_the_catalogue_is_one_channel_and_one_message() -> None:
    assert list(document()["channels"]) == list(CATALOG)
    assert list(document()["components"]["messages"]) == list(CATALOG)


def test_every_reference_points_at_something() -> None:
    found = references(document())
    assert len(found) > len(CATALOG)
    for reference in found:
        assert at(reference), reference


@each_type
def test_a_channel_is_the_routing_key_on_the_exchange_that_the_bus_uses(type_: str) -> None:
    channel = document()["channels"][type_]
    assert channel["address"] == type_
    amqp = channel["bindings"]["amqp"]
    assert amqp["is"] == "routingKey"
    assert amqp["exchange"]["name"] == EVENTS_EXCHANGE == rabbit.EVENTS_EXCHANGE
    assert (amqp["exchange"]["type"], amqp["exchange"]["durable"]) == ("topic", True)


@each_type
def test_the_publisher_sends_and_exactly_the_listeners_receive(type_: str) -> None:
    entry = CATALOG[type_]
    operations = {
        name: operation
        for name, operation in document()["operations"].items()
        if operation["channel"]["$ref"] == f"#/channels/{type_}"
    }
    sent = operations.pop(f"announce.{type_}")
    assert (sent["action"], sent["tags"]) == ("send", [{"name": entry.publisher}])
    assert sent["bindings"]["amqp"]["mandatory"] is bool(entry.listeners)
    assert ("description" in sent) is not entry.publisher_present
    heard_by = {operation["tags"][0]["name"] for operation in operations.values()}
    assert heard_by == entry.listeners
    assert all(operation["action"] == "receive" for operation in operations.values())


@each_type
def test_the_queue_of_a_listener_is_bound_as_its_operation_says(type_: str) -> None:
    for listener in CATALOG[type_].listeners:
        described = document()["operations"][f"{listener}.hear.{type_}"]["description"]
        binding = described.split("`")[1]
        assert binding in bindings_of(listener)
        assert topic_matches(binding, type_)


@each_type
def test_the_payload_schema_takes_the_example_and_nothing_else(type_: str) -> None:
    payload = f"#/components/messages/{type_}/payload"
    validator = Draft202012Validator({**document(), "$ref": payload})
    message = document()["components"]["messages"][type_]
    [example] = message["examples"]
    assert validator.is_valid(example["payload"])
    classes = {kind.value for kind in Classification} - {example["payload"]["dataclassification"]}
    for attribute, wrong in {
        "type": "somewhere.else.happened.v1",
        "source": "/elsewhere",
        "dataclassification": min(classes),
        "data": {},
        "sequence": "1",
    }.items():
        assert not validator.is_valid({**example["payload"], attribute: wrong}), attribute


def test_the_example_of_another_type_is_refused() -> None:
    first, second, *_ = CATALOG
    payload = f"#/components/messages/{first}/payload"
    validator = Draft202012Validator({**document(), "$ref": payload})
    assert not validator.is_valid(at(f"#/components/messages/{second}/examples")[0]["payload"])
