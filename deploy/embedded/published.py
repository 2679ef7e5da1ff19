"""A convention as a page would publish it: what the import reads, made from what the suite shows."""

from collections.abc import Mapping
from typing import Any

_DIGITS = "零一二三四五六七八九"
_ROMAN = ("", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X")


def published(convention: Mapping[str, Any]) -> bytes:
    """English, an empty line, then Chinese, one provision a line, UTF-8; up to ten chapters and 99 articles."""
    return "\n\n".join(
        "\n".join([convention["titles"][language], *_lines(convention["provisions"], language)])
        for language in ("en", "zh")
    ).encode()


def _lines(provisions: list[Mapping[str, Any]], language: str) -> list[str]:
    lines = []
    for provision in provisions:
        words = provision["texts"][language]
        if words is not None:
            lines.append(_label(provision["kind"], provision["number"], language) + words)
    return lines


def _label(kind: str, number: str, language: str) -> str:
    if language == "en":
        return {
            "chapter": f"Chapter {_ROMAN[int(number)] if kind == 'chapter' else ''}: ",
            "article": f"Article {number}: ",
            "item": f"({number}) ",
        }[kind]
    numeral = _in_chinese(int(number))
    return {"chapter": f"第{numeral}章 ", "article": f"第{numeral}条 ", "item": f"({numeral}) "}[
        kind
    ]


def _in_chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    if tens == 0:
        return _DIGITS[ones]
    return ("" if tens == 1 else _DIGITS[tens]) + "十" + (_DIGITS[ones] if ones else "")
