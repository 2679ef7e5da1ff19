"""Every event keeps its frozen shape, and its example is what a reader of any language would take for one."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from shared.contracts.base import Classification, Envelope, RegisterChange, envelope
from shared.contracts.catalog import CATALOG
from shared.kernel.chain import EMPTY_HEAD
from tests.contract.freeze import EXAMPLES, SCHEMAS, freeze, shape

THIN = frozenset({Classification.CONFIDENTIAL, Classification.RESTRICTED})
THIN_FIELD = re.compile(r"_id$|_number$|^issuer$|^sub$")
"""The plain strings that a thin event may carry: ids, numbers that people quote, the subject of a token."""
SHORT_PLAIN = re.compile(r"[!-~]{1,80}")

each_type = pytest.mark.parametrize("type_", CATALOG)


def frozen_shape(type_: str) -> dict[str, Any]:
    shape: dict[str, Any] = json.loads((SCHEMAS / f"{type_}.json").read_text(encoding="utf-8"))
    return shape


def example_of(type_: str) -> dict[str, Any]:
    example: dict[str, Any] = json.loads((EXAMPLES / f"{type_}.json").read_text(encoding="utf-8"))
    return example


def leaves(part: Any, definitions: dict[str, Any], name: str = "") -> Iterator[tuple[str, Any]]:
    """The (field name, schema) of every single value below ``part``."""
    if "$ref" in part:
        part = definitions[part["$ref"].rpartition("/")[2]]
    if "anyOf" in part:
        for alternative in part["anyOf"]:
            yield from leaves(alternative, definitions, name)
    elif part.get("type") == "array":
        yield from leaves(part["items"], definitions, name)
    elif "properties" in part:
        for field, below in part["properties"].items():
            yield from leaves(below, definitions, field)
    else:
        yield name, part


def is_thin(name: str, leaf: dict[str, Any]) -> bool:
    """Whether a value so described can only be an id, a kind, an instant or day, or nothing."""
    if "enum" in leaf or "const" in leaf or leaf.get("type") == "null":
        return True
    if leaf.get("format") in ("date", "date-time"):
        return True
    return leaf.get("type") == "string" and bool(THIN_FIELD.search(name))


def plain_strings(value: Any) -> Iterator[str]:
    """Every string at any depth of ``value``."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for below in value.values() if isinstance(value, dict) else value:
            yield from plain_strings(below)


@each_type
def test_an_event_keeps_its_frozen_shape(type_: str) -> None:
    assert frozen_shape(type_) == shape(CATALOG[type_].event), (
        f"{type_} no longer has the shape that others read. A changed shape is a new class with the next "
        "version (.v2), announced beside this one; undo the change here. For a type that was never released, "
        "remove its snapshot and run: python -m tests.contract.freeze"
    )


@pytest.mark.parametrize("folder", [SCHEMAS, EXAMPLES], ids=lambda folder: str(folder.name))
def test_every_event_has_its_file_and_every_file_its_event(folder: Any) -> None:
    assert {file.name for file in folder.iterdir()} == {f"{type_}.json" for type_ in CATALOG}


def test_freezing_writes_what_is_missing_and_never_overwrites(tmp_path: Any) -> None:
    first, *others = CATALOG
    (tmp_path / f"{first}.json").write_text("as it was")
    assert [file.name for file in freeze(tmp_path)] == [f"{type_}.json" for type_ in others]
    assert (tmp_path / f"{first}.json").read_text() == "as it was"
    assert freeze(tmp_path) == []


def test_a_word_in_a_docstring_is_no_change_of_shape() -> None:
    assert "description" not in json.dumps([shape(entry.event) for entry in CATALOG.values()])


@each_type
def test_an_example_says_what_its_class_would_announce(type_: str) -> None:
    example = example_of(type_)
    parsed = Envelope.model_validate(example)
    event = CATALOG[type_].event.model_validate(parsed.data)
    again = envelope(
        event,
        id=parsed.id,
        sequence=int(parsed.sequence),
        time=parsed.time,
        requestid=parsed.requestid,
        traceparent=parsed.traceparent,
    )
    assert json.loads(again.to_json()) == example


@each_type
def test_an_example_fits_the_frozen_schema(type_: str) -> None:
    schema = frozen_shape(type_)
    Draft202012Validator.check_schema(schema)
    checker = Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    assert [error.message for error in checker.iter_errors(example_of(type_)["data"])] == []


@each_type
def test_an_independent_cloudevents_reader_takes_the_example(type_: str) -> None:
    example = example_of(type_)
    read = JSONFormat().read(CloudEvent, json.dumps(example).encode())
    assert (read.get_id(), read.get_source()) == (example["id"], example["source"])
    assert (read.get_type(), read.get_subject()) == (type_, example["subject"])
    assert read.get_data() == example["data"]
    for extension in ("partitionkey", "sequence", "dataclassification"):
        assert read.get_extension(extension) == example[extension]


@each_type
def test_the_first_word_of_a_type_is_its_publisher(type_: str) -> None:
    first_word, _, _ = type_.partition(".")
    assert CATALOG[type_].publisher == first_word
    assert CATALOG[type_].event.__module__.startswith(f"shared.contracts.{first_word}")
    assert example_of(type_)["source"] == f"/{first_word}"


@each_type
def test_an_event_is_about_one_of_its_fields(type_: str) -> None:
    event = CATALOG[type_].event
    assert event.about in event.model_fields
    assert example_of(type_)["partitionkey"] == example_of(type_)["data"][event.about]


@each_type
def test_ids_in_an_example_are_a_prefix_and_a_uuid7(type_: str) -> None:
    example = example_of(type_)
    ids = [v for k, v in example["data"].items() if k.endswith("_id") and v is not None]
    for id_ in (example["id"], *ids):
        assert re.fullmatch(r"[a-z]{3}_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}", id_), id_


@pytest.mark.parametrize("type_", [t for t, e in CATALOG.items() if e.event.classification in THIN])
def test_a_confidential_or_restricted_event_is_thin(type_: str) -> None:
    schema = frozen_shape(type_)
    thick = [
        name for name, leaf in leaves(schema, schema.get("$defs", {})) if not is_thin(name, leaf)
    ]
    assert thick == [], "only ids, kinds, days and instants; the rest is fetched with rights"
    for text in plain_strings(example_of(type_)["data"]):
        assert SHORT_PLAIN.fullmatch(text), text


@pytest.mark.parametrize(
    ("name", "leaf", "thin"),
    [
        ("case_id", {"type": "string"}, True),
        ("outcome", {"type": "string", "enum": ["settled", "ended"]}, True),
        ("served_at", {"type": "string", "format": "date-time"}, True),
        ("facts", {"type": "string"}, False),
        ("legal_name_zh", {"type": "string"}, False),
        ("details", {"type": "object", "additionalProperties": True}, False),
    ],
)
def test_prose_names_and_free_objects_are_not_thin(name: str, leaf: Any, thin: bool) -> None:
    assert is_thin(name, leaf) is thin


@pytest.mark.parametrize(
    "type_", [t for t, e in CATALOG.items() if issubclass(e.event, RegisterChange)]
)
def test_the_example_of_a_register_change_carries_the_head_that_follows_the_empty_one(
    type_: str,
) -> None:
    change = CATALOG[type_].event.model_validate(example_of(type_)["data"])
    assert isinstance(change, RegisterChange)
    assert change.head_after(EMPTY_HEAD) == change.register_head
    other = change.model_copy(update={"register_version": change.register_version + 1})
    assert other.head_after(EMPTY_HEAD) != change.register_head
