"""What every operation's documentation has in common: who may call, problems, the bearer token."""

from collections.abc import Iterable
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from shared.http.problems import MEDIA_TYPE, status_of
from shared.kernel.errors import Refusal

PROBLEM_SCHEMA: dict[str, Any] = {
    "title": "Problem",
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string", "format": "uri", "description": "A page that explains it."},
        "title": {"type": "string", "description": "In the caller's language (zh-CN or en)."},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string", "description": "Stable; what programs should look at."},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the body."},
                    "parameter": {"type": "string"},
                    "code": {"type": "string"},
                },
            },
        },
    },
}

_READING = (400, 401, 403, 404, 405, 422, 431, 500, 503)
_ACTING = (*_READING, 408, 409, 412, 413, 415, 428)
_OPTIONAL_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Repeat a request with the same key and it acts once (kept 24 hours).",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}


def describe(app: FastAPI, refusals: Iterable[type[Refusal]]) -> None:
    """Complete ``app``'s OpenAPI document when it is first asked for."""
    generate = app.openapi
    codes: dict[int, list[str]] = {}
    for refusal in refusals:
        codes.setdefault(status_of(refusal), []).append(refusal.code)

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(generate(), codes, app.state.public_url)
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's documented way to extend it


def operation_id(route: APIRoute) -> str:
    """An operation's id is its function's name."""
    return route.name


def _completed(
    document: dict[str, Any], codes: dict[int, list[str]], public_url: str
) -> dict[str, Any]:
    document["servers"] = [{"url": public_url}]
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    schemas.pop("HTTPValidationError", None)
    schemas.pop("ValidationError", None)
    schemas["Problem"] = PROBLEM_SCHEMA
    components["securitySchemes"] = {
        "token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}
    }
    for path in document["paths"].values():
        for method, operation in path.items():
            declared = (int(status) for status in operation["responses"])
            own = (status for status in declared if status >= 400)
            for status in sorted({*(_READING if method == "get" else _ACTING), *own}):
                operation["responses"][str(status)] = {
                    "description": "One of: " + ", ".join(sorted(codes.get(status, []))),
                    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
                }
            if method == "post":
                operation.setdefault("parameters", []).append(_OPTIONAL_KEY)
            if operation.get("x-access") != "everyone":
                operation["security"] = [{"token": []}]
            else:
                operation["security"] = [{}, {"token": []}]
    return document
