"""Which of its media types a resource is served in: what ``Accept`` prefers (RFC 9110, 12.5.1)."""

import re
from collections.abc import Iterator, Sequence

from shared.http.problems import NotAcceptable

_QUALITY = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")


def preferred(accept: str | None, offered: Sequence[str]) -> str:
    """The media type of ``offered`` that ``accept`` likes best, the first of them where it has no preference.

    Refuses with ``NotAcceptable`` where it takes none.
    """
    if not accept or not accept.strip():
        return offered[0]
    ranges = list(_ranges(accept))
    best = max(offered, key=lambda media_type: _quality(media_type, ranges))
    if not _quality(best, ranges):
        raise NotAcceptable(media_types=list(offered))
    return best


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                quality = _number(value.strip())
        yield media_range, quality


def _number(written: str) -> float:
    return float(written) if _QUALITY.fullmatch(written) else 0.0


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """The quality that the most specific range gives to ``media_type``."""
    main = media_type.partition("/")[0]
    for name in (media_type, f"{main}/*", "*/*"):
        for media_range, quality in ranges:
            if media_range == name:
                return quality
    return 0.0
