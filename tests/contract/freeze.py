"""The frozen shapes of the events.

``python -m tests.contract.freeze`` writes the snapshots that are missing. It never overwrites one: what others
already read keeps its shape, and a changed shape is a new class (``.v2``) that is announced beside the old one.
"""

import json
from pathlib import Path
from typing import Any

import shared.contracts
from shared.contracts.base import Event
from shared.contracts.catalog import CATALOG

CONTRACTS = Path(shared.contracts.__file__).parent
SCHEMAS = CONTRACTS / "schemas"
EXAMPLES = CONTRACTS / "examples"

_WORDING = ("title", "description")


def shape(event: type[Event]) -> dict[str, Any]:
    """The JSON schema of the data that ``event`` announces, without its wording, which may be mended at any time."""
    schema: dict[str, Any] = _without_wording(event.model_json_schema(mode="serialization"))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": event.type,
        **schema,
    }


def freeze(folder: Path = SCHEMAS) -> list[Path]:
    """Write the missing snapshots into ``folder``; the files written."""
    written = []
    for type_, entry in CATALOG.items():
        file = folder / f"{type_}.json"
        if not file.exists():
            file.write_text(json.dumps(shape(entry.event), indent=2) + "\n", encoding="utf-8")
            written.append(file)
    return written


def _without_wording(part: Any) -> Any:
    """``part`` without titles and descriptions; a field of that name stays, its schema being no text."""
    if isinstance(part, list):
        return [_without_wording(item) for item in part]
    if not isinstance(part, dict):
        return part
    return {
        key: _without_wording(value)
        for key, value in part.items()
        if not (key in _WORDING and isinstance(value, str))
    }


if __name__ == "__main__":
    for file in freeze():
        print(f"frozen: {file.name}")
