"""The documents that are made from code: ``python -m tests.architecture.generate_docs`` writes them.

``docs/lifecycles.md`` from the transition tables, ``docs/events.md`` from the catalogue, ``.env.example`` from the
settings. A test compares; nobody edits them.
"""

import inspect
import json
from collections.abc import Callable, Iterator
from enum import StrEnum
from importlib import import_module
from itertools import groupby
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_jsonable_python
from pydantic_settings import BaseSettings

from shared.contracts.catalog import CATALOG, CatalogEntry
from shared.kernel.lifecycle import Lifecycle
from shared.settings import SuiteSettings
from tests.architecture.house import ROOT, SERVICES, declared

MADE = "<!-- Made by `make docs`; a test compares. -->"


def settings_classes() -> list[type[BaseSettings]]:
    """All settings of the suite: what the services share, then each service's own."""
    return [SuiteSettings, *(type(declared(service).settings) for service in SERVICES)]


def _lifecycles() -> Iterator[str]:
    yield from ("# Lifecycles", "", MADE, "")
    yield "What can be done with a thing, and where that leads: the tables of `services/*/domain/lifecycle.py`."
    for service in SERVICES:
        tables = vars(import_module(f"services.{service}.domain.lifecycle")).values()
        for lifecycle in tables:
            if isinstance(lifecycle, Lifecycle):
                yield from ("", f"## {service}: {lifecycle.name}", "")
                yield from _lifecycle(lifecycle)


def _lifecycle(lifecycle: Lifecycle[StrEnum, StrEnum]) -> Iterator[str]:
    yield from (inspect.cleandoc(lifecycle.states.__doc__ or ""), "")
    yield from ("```mermaid", lifecycle.mermaid(), "```", "")
    yield from ("| state | allowed actions |", "| --- | --- |")
    for state in lifecycle.states:
        yield f"| `{state}` | {_code(lifecycle.allowed(state)) or 'none: it is final'} |"


def _events() -> Iterator[str]:
    yield from ("# Events", "", MADE, "")
    yield "What the services tell each other: the catalogue in `shared/contracts/catalog.py`, publisher by publisher."
    yield "One string is CloudEvents type, routing key and webhook type. Shapes are frozen; a changed one is a new type."
    for publisher, entries in groupby(CATALOG.values(), lambda entry: entry.publisher):
        yield from ("", f"## {publisher}")
        for entry in entries:
            yield from ("", f"### {entry.event.type}", "")
            yield from _event(entry)


def _event(entry: CatalogEntry) -> Iterator[str]:
    event = entry.event
    yield from (inspect.cleandoc(event.__doc__ or ""), "")
    yield f"- counted by {event.aggregate}: `{event.about}`"
    yield f"- carries {_code(event.model_fields)}"
    yield f"- {event.classification.value}; heard by {', '.join(sorted(entry.listeners)) or 'nobody yet'}"
    if not entry.publisher_present:
        yield "- agreed on, not announced by this release"
    schema, example = (
        f"../shared/contracts/{k}/{event.type}.json" for k in ("schemas", "examples")
    )
    yield f"- [schema]({schema}), [example]({example})"


def _code(words: Any) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _environment() -> Iterator[str]:
    yield "# Every setting with its default. Made by `make docs`; a test compares."
    for settings in settings_classes():
        prefix = settings.model_config["env_prefix"]
        for name, field in settings.model_fields.items():
            yield from ("", f"# {field.description}")
            yield f"{prefix}{name}".upper() + f"={_written(field.get_default())}"


def _written(default: Any) -> str:
    """A default as one writes it in the environment, for a shell as well as for a file of variables."""
    plain = to_jsonable_python(
        default.get_secret_value() if isinstance(default, SecretStr) else default
    )
    if isinstance(plain, list):
        return f"'{json.dumps(sorted(plain))}'"
    return plain if isinstance(plain, str) else json.dumps(plain)


DOCUMENTS: dict[str, Callable[[], Iterator[str]]] = {
    "docs/lifecycles.md": _lifecycles,
    "docs/events.md": _events,
    ".env.example": _environment,
}


def text_of(document: str) -> str:
    """What the file ``document`` (its path from the root) should say now."""
    return "\n".join(DOCUMENTS[document]()) + "\n"


if __name__ == "__main__":
    for document in DOCUMENTS:
        (ROOT / document).parent.mkdir(exist_ok=True)
        (ROOT / document).write_text(text_of(document), encoding="utf-8")
