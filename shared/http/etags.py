"""Strong ETags from a resource's version, and ``If-Match`` on acts upon it (RFC 9110)."""

import hashlib
import re
from typing import Annotated

from fastapi import Depends, Header, Response
from pydantic import BaseModel

from shared.http.problems import PreconditionRequired
from shared.kernel.versions import ANY_VERSION, Expected

_ETAG = re.compile(r'^"(\d{1,9})-[a-z0-9]+"$')


def set_etag(response: Response, version: int, view: str) -> None:
    """Name the representation: the resource's ``version`` and which ``view`` of it the caller gets."""
    response.headers["ETag"] = f'"{version}-{view}"'


def digest_of(shown: BaseModel) -> str:
    """A ``view`` for what depends on more than the version: on the caller, or on the day."""
    return hashlib.sha256(shown.model_dump_json().encode()).hexdigest()[:16]


async def _expected(
    header: Annotated[
        str | None,
        Header(
            alias="If-Match", description="The `ETag` of what you saw; 412 when it has changed."
        ),
    ] = None,
) -> Expected:
    if header is None or header.strip() == "*":
        return ANY_VERSION
    matches = (_ETAG.match(tag.strip()) for tag in header.split(","))
    return Expected(frozenset(int(match[1]) for match in matches if match))


async def _required(
    header: Annotated[
        str | None,
        Header(
            alias="If-Match",
            description="The `ETag` of what you saw; 412 when it has changed, 428 without it.",
        ),
    ] = None,
) -> Expected:
    if header is None:
        raise PreconditionRequired
    return await _expected(header)


IfMatch = Annotated[Expected, Depends(_expected)]
"""``If-Match`` is heeded where it is sent: any of its strong tags may match, a weak one never does."""

RequiredIfMatch = Annotated[Expected, Depends(_required)]
"""Two people could race for this act: without ``If-Match`` it is 428."""
