"""The examples in the reference are what callers could really send and get."""

import json
from typing import Any

import pytest
from pydantic import BaseModel

from services.notifications.api.schemas import deliveries, endpoints, event_types
from services.notifications.api.schemas.circulars import (
    AcknowledgementsOut,
    CircularOut,
    DraftCircular,
    PreviewOut,
    ScheduleCircular,
)
from services.notifications.api.schemas.notices import HeadingOut, NoticeOut
from services.notifications.api.schemas.texts import DeadlineOut


@pytest.mark.parametrize(
    "model",
    [
        DraftCircular,
        ScheduleCircular,
        endpoints.RegisterEndpoint,
        endpoints.ChangeEndpoint,
        endpoints.RotateSecret,
        endpoints.SendTestEvent,
    ],
)
def test_an_example_of_a_body_is_taken(model: type[BaseModel]) -> None:
    for example in _examples(model):
        assert model.model_validate(example)


@pytest.mark.parametrize(
    "model",
    [
        AcknowledgementsOut,
        CircularOut,
        PreviewOut,
        HeadingOut,
        NoticeOut,
        DeadlineOut,
        endpoints.EndpointOut,
        endpoints.IssuedSecretOut,
        endpoints.TestEventOut,
        deliveries.DeliveryOut,
        deliveries.DeliveryDetailOut,
        event_types.EventTypeOut,
    ],
)
def test_an_example_of_an_answer_has_every_field_as_it_is_written(
    model: type[BaseModel],
) -> None:
    for example in _examples(model):
        shown = model.model_validate_json(json.dumps(example))
        assert json.loads(shown.model_dump_json()) == example


def _examples(model: type[BaseModel]) -> list[Any]:
    examples: list[Any] = model.model_json_schema()["examples"]
    assert examples
    return examples
