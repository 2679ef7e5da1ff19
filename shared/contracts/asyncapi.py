"""The events as an AsyncAPI 3.1 document, made from the catalogue: the same facts for tools of any language."""

import inspect
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from shared.contracts.base import Envelope
from shared.contracts.catalog import CatalogEntry

EVENTS_EXCHANGE = "gongyue.events"
MEDIA_TYPE = "application/cloudevents+json"

_BINDING = {"bindingVersion": "0.3.0"}
_SERVER = {
    "host": "{broker}",
    "protocol": "amqp",
    "protocolVersion": "0.9.1",
    "description": "RabbitMQ: one topic exchange for all events, one quorum queue a listening service.",
    "variables": {
        "broker": {"default": "localhost:5672", "description": "The deployment's own broker."}
    },
}
_DESCRIPTION = (
    "What the services of the suite tell each other. Every message is a CloudEvents 1.0 envelope in structured "
    "JSON; its `type` is the routing key. Messages arrive at least once: `id` tells a repetition, `sequence` counts "
    "the announcements about one aggregate (`partitionkey`) without holes. Confidential and restricted events carry "
    "ids, kinds and dates only; the rest is fetched with rights. A shape never changes: a changed one is a new type."
)


def asyncapi(
    catalog: Mapping[str, CatalogEntry], version: str, examples: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """The AsyncAPI 3.1.0 document of ``catalog`` for release ``version``.

    One channel a type, its address being the routing key; one operation for its publisher (``announce.<type>``) and
    one for each listener (``<service>.hear.<type>``). ``examples``: a whole envelope by type.
    """
    models: list[type[BaseModel]] = [Envelope, *(entry.event for entry in catalog.values())]
    refs, schemas = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    operations: dict[str, Any] = {}
    for type_, entry in catalog.items():
        operations[f"announce.{type_}"] = _announcing(type_, entry)
        for listener in sorted(entry.listeners):
            operations[f"{listener}.hear.{type_}"] = _hearing(type_, entry, listener)
    return {
        "asyncapi": "3.1.0",
        "info": {"title": "Gongyue events", "version": version, "description": _DESCRIPTION},
        "defaultContentType": MEDIA_TYPE,
        "servers": {"broker": _SERVER},
        "channels": {type_: _channel(type_, entry) for type_, entry in catalog.items()},
        "operations": operations,
        "components": {
            "messages": {
                type_: _message(
                    type_,
                    entry,
                    envelope=refs[Envelope, "serialization"],
                    data=refs[entry.event, "serialization"],
                    example=examples[type_],
                )
                for type_, entry in catalog.items()
            },
            "schemas": schemas["$defs"],
        },
    }


def meaning(entry: CatalogEntry) -> str:
    """What an event says, in the words of its class."""
    return inspect.cleandoc(entry.event.__doc__ or "")


def _channel(type_: str, entry: CatalogEntry) -> dict[str, Any]:
    return {
        "address": type_,
        "summary": meaning(entry).partition("\n")[0],
        "servers": [{"$ref": "#/servers/broker"}],
        "messages": {type_: {"$ref": f"#/components/messages/{type_}"}},
        "tags": [{"name": entry.publisher}],
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {
                    "name": EVENTS_EXCHANGE,
                    "type": "topic",
                    "durable": True,
                    "autoDelete": False,
                },
                **_BINDING,
            }
        },
    }


def _announcing(type_: str, entry: CatalogEntry) -> dict[str, Any]:
    operation = {
        **_operation("send", type_, entry.publisher),
        "summary": f"{entry.publisher} announces it",
        "bindings": {
            "amqp": {"deliveryMode": 2, "mandatory": bool(entry.listeners), **_BINDING},
        },
    }
    if not entry.publisher_present:
        operation["description"] = "Agreed on, but not announced by this release."
    return operation


def _hearing(type_: str, entry: CatalogEntry, listener: str) -> dict[str, Any]:
    return {
        **_operation("receive", type_, listener),
        "summary": f"{listener} listens",
        "description": f"The queue of {listener} is bound by `{entry.binding}`.",
        "bindings": {"amqp": {"ack": True, **_BINDING}},
    }


def _operation(action: str, type_: str, service: str) -> dict[str, Any]:
    channel = f"#/channels/{type_}"
    return {
        "action": action,
        "channel": {"$ref": channel},
        "messages": [{"$ref": f"{channel}/messages/{type_}"}],
        "tags": [{"name": service}],
    }


def _message(
    type_: str,
    entry: CatalogEntry,
    *,
    envelope: Mapping[str, Any],
    data: Mapping[str, Any],
    example: Mapping[str, Any],
) -> dict[str, Any]:
    classification = entry.event.classification.value
    return {
        "name": type_,
        "title": entry.event.__name__,
        "summary": meaning(entry),
        "contentType": MEDIA_TYPE,
        "tags": [{"name": entry.publisher}, {"name": classification}],
        "payload": {
            "allOf": [
                envelope,
                {
                    "type": "object",
                    "required": ["specversion", "datacontenttype"],
                    "properties": {
                        "source": {"const": f"/{entry.publisher}"},
                        "type": {"const": type_},
                        "dataclassification": {"const": classification},
                        "data": data,
                    },
                },
            ]
        },
        "examples": [{"name": type_, "payload": example}],
    }
