"""How the numbers of provisions are written: 第九条之一 and Article 9-1, 第一章 and Chapter I, （二） and (2)."""

from services.amendments.domain.provision import Number, Provision, ProvisionKind
from shared.kernel.text import Language

HIGHEST = 999
_DIGITS = "零一二三四五六七八九"
_ROMAN = (
    (900, "CM"),
    (500, "D"),
    (400, "CD"),
    (100, "C"),
    (90, "XC"),
    (50, "L"),
    (40, "XL"),
    (10, "X"),
    (9, "IX"),
    (5, "V"),
    (4, "IV"),
    (1, "I"),
)
_UNITS = {ProvisionKind.CHAPTER: "章", ProvisionKind.ARTICLE: "条"}


def chinese(number: int) -> str:
    """``number`` (1 to 999) as Chinese numerals: 九, 十一, 二十, 一百零一, 一百一十."""
    hundreds, rest = divmod(number, 100)
    tens, ones = divmod(rest, 10)
    written = f"{_DIGITS[hundreds]}百" if hundreds else ""
    if tens:
        written += "十" if tens == 1 and not hundreds else f"{_DIGITS[tens]}十"
    elif hundreds and ones:
        written += "零"
    return written + (_DIGITS[ones] if ones else "")


def roman(number: int) -> str:
    """``number`` (1 to 999) as Roman numerals."""
    written = ""
    for value, letters in _ROMAN:
        count, number = divmod(number, value)
        written += letters * count
    return written


_FROM_CHINESE = {chinese(n): n for n in range(1, HIGHEST + 1)}
_FROM_ROMAN = {roman(n): n for n in range(1, HIGHEST + 1)}


def from_chinese(written: str) -> int | None:
    """The number that Chinese numerals write, as they are written in laws; None where they write none."""
    return _FROM_CHINESE.get(written.replace("〇", "零"))


def from_western(written: str) -> int | None:
    """The number that digits or Roman numerals write; None where they write none."""
    if written.isascii() and written.isdigit() and written[0] != "0":
        return int(written) if int(written[:4]) <= HIGHEST else None
    return _FROM_ROMAN.get(written)


def label(provision: Provision, language: Language) -> str:
    """What stands before a provision's text: ``第九条之一``, ``Article 9-1``, ``（二）``, ``Chapter II``."""
    number = Number.parse(provision.number)
    if language == "zh":
        inserted = f"之{chinese(number.inserted)}" if number.inserted else ""
        if provision.kind is ProvisionKind.ITEM:
            return f"（{chinese(number.whole)}{inserted}）"
        return f"第{chinese(number.whole)}{_UNITS[provision.kind]}{inserted}"
    if provision.kind is ProvisionKind.ITEM:
        return f"({number})"
    if provision.kind is ProvisionKind.ARTICLE:
        return f"Article {number}"
    return f"Chapter {roman(number.whole)}" + (f"-{number.inserted}" if number.inserted else "")
