"""What each type of webhook tells: in both languages, by a schema that its example and real ones fulfil (N4)."""

import json
import re

import pytest
from jsonschema import (  # type: ignore[import-untyped]
    Draft202012Validator,
    ValidationError,
)

from services.notifications.domain import message
from services.notifications.domain.event_types import EVENT_TYPES, EventType
from services.notifications.domain.message import WebhookType, message_of_notice, verification
from tests.unit.notifications.domain.examples import NOW, draft, issue

HOST = "https://suite.example"

each_type = pytest.mark.parametrize("event_type", EVENT_TYPES.values(), ids=EVENT_TYPES)


def validator(event_type: EventType) -> Draft202012Validator:
    Draft202012Validator.check_schema(event_type.schema)
    return Draft202012Validator(event_type.schema)


def test_every_type_is_explained_once() -> None:
    assert set(EVENT_TYPES) == set(WebhookType)
    assert len({told.meaning for told in EVENT_TYPES.values()}) == len(WebhookType)


@each_type
def test_a_test_event_fulfils_the_schema_of_its_type(event_type: EventType) -> None:
    told = message.test_event("whm_1", "whe_1", event_type.type, event_type.example, NOW)
    validator(event_type).validate(json.loads(told.body(HOST)))


@each_type
def test_an_example_names_nobody(event_type: EventType) -> None:
    """Edge case 19: test events "carry no real data"."""
    for value in event_type.example.values():
        id = re.fullmatch(r"[a-z]{3}_([0-9a-f]{32})", str(value))
        assert id is None or set(id[1]) == {"0"}


def test_a_real_notice_fulfils_its_schema() -> None:
    notice = issue(draft())
    told = json.loads(message_of_notice("whm_1", notice).body(HOST))
    told["data"] |= {"notice_id": f"ntc_{'a' * 32}", "about_id": f"cir_{'a' * 32}"}
    validator(EVENT_TYPES[WebhookType.CIRCULAR_ISSUED]).validate(told)
    with pytest.raises(ValidationError):
        validator(EVENT_TYPES[WebhookType.BULLETIN_PUBLISHED]).validate(told)


def test_a_real_check_fulfils_its_schema() -> None:
    ids = (f"mem_{'a' * 32}", f"whe_{'a' * 32}")
    told = verification("whm_1", *ids, "the-challenge", NOW)
    validator(EVENT_TYPES[WebhookType.VERIFICATION_REQUESTED]).validate(json.loads(told.body(HOST)))


@each_type
def test_a_schema_refuses_what_lacks_a_field(event_type: EventType) -> None:
    told = message.test_event("whm_1", "whe_1", event_type.type, event_type.example, NOW)
    body = json.loads(told.body(HOST))
    for name in list(body["data"]):
        lacking = {**body, "data": {k: v for k, v in body["data"].items() if k != name}}
        assert not validator(event_type).is_valid(lacking), name
