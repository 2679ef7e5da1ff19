"""Reading a convention as it was published: one line a provision, a language after the other, with what a page leaves.

Inside a language's text, and right below its last line, every line must be read, or the text is refused with the line;
what stands before, between and after the languages is left out, and it is said which lines that were.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from typing import Literal

from services.amendments.domain.divergence import Divergence, not_translated
from services.amendments.domain.numerals import from_chinese, from_western
from services.amendments.domain.provision import (
    AUTHORITATIVE,
    LANGUAGES,
    ConventionText,
    Number,
    Place,
    Provision,
    ProvisionKind,
    is_wording,
)
from services.amendments.domain.text_errors import PublishedTextUnreadable
from shared.kernel.text import Language

MOST_CHARACTERS = 500_000

_LINES: dict[Language, tuple[tuple[ProvisionKind, re.Pattern[str]], ...]] = {
    "zh": (
        (ProvisionKind.CHAPTER, re.compile(r"第([^\s章条]{1,7})章(?:之(\S{1,3}))?\s+(.+)")),
        (ProvisionKind.ARTICLE, re.compile(r"第([^\s章条]{1,7})条(?:之(\S{1,3}))?\s+(.+)")),
        (
            ProvisionKind.ITEM,
            re.compile(
                r"[(\uff08]([^\s之()\uff08\uff09]{1,7}?)(?:之([^\s()\uff08\uff09]{1,3}))?[)\uff09]\s*(.+)"
            ),
        ),
    ),
    "en": (
        (ProvisionKind.CHAPTER, re.compile(r"Chapter ([IVXLCDM]+|\d+)(?:-(\d+))?[:\uff1a]\s*(.+)")),
        (ProvisionKind.ARTICLE, re.compile(r"Article (\d+)(?:-(\d+))?[:\uff1a]\s*(.+)")),
        (ProvisionKind.ITEM, re.compile(r"\((\d+)(?:-(\d+))?\)\s*(.+)")),
    ),
}
_NUMERALS: dict[Language, Callable[[str], int | None]] = {"zh": from_chinese, "en": from_western}
_ANNOUNCES = (":", "\uff1a")
_TITLES = {
    "zh": re.compile(r".{0,98}(?:公约|章程|守则|准则|规约|协议)"),
    "en": re.compile(
        r".{0,188}\b(?:Convention|Charter|Code|Compact|Agreement|Rules)", re.IGNORECASE
    ),
}


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Lines (both included, counted from 1) that are no part of the text, and where they stand."""

    first_line: int
    last_line: int
    where: Literal["before", "between", "after"]


@dataclass(frozen=True)
class PublishedText:
    """What was read, what was left out, and where the languages part."""

    text: ConventionText
    left_out: tuple[LeftOut, ...]
    divergences: tuple[Divergence, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that was read; ``parent``: what its provision stands under, once it is placed."""

    number: int
    kind: ProvisionKind
    provision: Number
    wording: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class _Span:
    """The lines that one language's text takes: from its first heading to its last, and the items under that one."""

    language: Language
    lines: tuple[_Line, ...]

    @property
    def first(self) -> int:
        return self.lines[0].number

    @property
    def last(self) -> int:
        return self.lines[-1].number

    @property
    def closing(self) -> tuple[_Line, Sequence[_Line]]:
        """The last heading, and the items under it."""
        at = max(i for i, line in enumerate(self.lines) if line.kind is not ProvisionKind.ITEM)
        return self.lines[at], self.lines[at + 1 :]


def read_published_text(page: str) -> PublishedText:
    """The convention in ``page``, in both languages.

    Refuses with ``PublishedTextUnreadable``, naming the line: what cannot be read inside a text or right below its last
    line, and items under a last article that does not announce them by a colon; numbers of the authoritative text that
    leave a gap, repeat or fall back; articles outside a chapter; a translation without an original, or one that lacks
    the heading of a chapter or article (with the line of the next one, or its last), or has an article under another
    chapter; a language that is missing; characters that nobody sees; a page that is too large. Only an item may lack its
    translation, which is a divergence.
    """
    if len(page) > MOST_CHARACTERS:
        raise _unreadable("too large", 1)
    lines = [line.strip() for line in page.removeprefix("\ufeff").split("\n")]
    for number, line in enumerate(lines, start=1):
        if any(unicodedata.category(c) in ("Cc", "Cs") for c in line.replace("\t", "")):
            raise _unreadable("characters", number)
    spans = sorted((_span(lines, language) for language in LANGUAGES), key=lambda s: s.first)
    if spans[0].last > spans[1].first:
        raise _unreadable("languages mixed", spans[1].first)
    titles = {span.language: _title(lines, span, spans) for span in spans}
    taken = {title[0] for title in titles.values() if title}
    by_language: dict[Language, dict[str, _Line]] = {}
    for span in spans:
        _check_all_is_read(lines, span)
        _check_end(lines, span, taken | {other.first for other in spans})
        by_language[span.language] = _placed(span)
    _check_originals(by_language)
    text = ConventionText(
        tuple(_provisions(by_language)),
        {language: title[1] if title else None for language, title in titles.items()},
    )
    return PublishedText(text, tuple(_left_out(lines, spans, taken)), tuple(not_translated(text)))


def _span(lines: Sequence[str], language: Language) -> _Span:
    found = [line for line in map(_reader(language), enumerate(lines, start=1)) if line]
    headings = [line.number for line in found if line.kind is not ProvisionKind.ITEM]
    if not headings:
        raise _unreadable("language missing", len(lines))
    last = headings[-1]
    for line in found:
        if line.number > last and not any(lines[last : line.number - 1]):
            last = line.number
    return _Span(language, tuple(li for li in found if headings[0] <= li.number <= last))


def _reader(language: Language) -> Callable[[tuple[int, str]], _Line | None]:
    def read(numbered: tuple[int, str]) -> _Line | None:
        place, line = numbered
        for kind, pattern in _LINES[language]:
            match = pattern.fullmatch(line)
            if match is None:
                continue
            whole = _NUMERALS[language](match[1])
            inserted = _NUMERALS[language](match[2]) if match[2] else 0
            if whole is None or inserted is None:
                return None
            return _Line(place, kind, Number(whole, inserted), match[3].strip())
        return None

    return read


def _check_all_is_read(lines: Sequence[str], span: _Span) -> None:
    read = {line.number for line in span.lines}
    for number in range(span.first, span.last + 1):
        if lines[number - 1] and number not in read:
            raise _unreadable("unreadable", number)
    for line in span.lines:
        if not is_wording(line.wording):
            raise _unreadable("characters", line.number)


def _check_end(lines: Sequence[str], span: _Span, elsewhere: Set[int]) -> None:
    """Refuse a text that may go on: by items that its last article does not announce, or by a line right below its last.

    ``elsewhere``: the lines with which another text, or its title, begins.
    """
    heading, items = span.closing
    if items and not heading.wording.endswith(_ANNOUNCES):
        raise _unreadable("unreadable", items[0].number)
    following = span.last + 1
    if following <= len(lines) and lines[following - 1] and following not in elsewhere:
        raise _unreadable("unreadable", following)


def _placed(span: _Span) -> dict[str, _Line]:
    """The lines of one language by provision id, in order, each with what its provision stands under."""
    placed: dict[str, _Line] = {}
    last: dict[ProvisionKind, Number | None] = {}
    chapter: str | None = None
    article: str | None = None
    for line in span.lines:
        if line.kind is not ProvisionKind.CHAPTER and chapter is None:
            raise _unreadable("outside a chapter", line.number)
        if line.kind is ProvisionKind.ITEM and article is None:
            raise _unreadable("outside an article", line.number)
        is_gapless = span.language == AUTHORITATIVE
        _check_order(line, last.get(line.kind), is_gapless=is_gapless)
        last[line.kind] = line.provision
        is_item = line.kind is ProvisionKind.ITEM
        place = Place(line.kind, line.provision, article if is_item else None)
        if line.kind is ProvisionKind.CHAPTER:
            chapter, article = place.id, None
        elif line.kind is ProvisionKind.ARTICLE:
            article, last[ProvisionKind.ITEM] = place.id, None
        parent = {
            ProvisionKind.CHAPTER: None,
            ProvisionKind.ARTICLE: chapter,
            ProvisionKind.ITEM: article,
        }[line.kind]
        placed[place.id] = replace(line, parent=parent)
    return placed


def _check_order(line: _Line, last: Number | None, *, is_gapless: bool) -> None:
    new = line.provision
    before = last or Number(0)
    if new == before:
        raise _unreadable("repeated", line.number)
    if new < before:
        raise _unreadable("order", line.number)
    following = (replace(before, inserted=before.inserted + 1), Number(before.whole + 1))
    if is_gapless and (new not in following or not new.whole):
        raise _unreadable("gap", line.number)


def _check_originals(by_language: Mapping[Language, Mapping[str, _Line]]) -> None:
    originals = by_language[AUTHORITATIVE]
    for language, lines in by_language.items():
        if language != AUTHORITATIVE:
            for provision_id, line in lines.items():
                if provision_id not in originals:
                    raise _unreadable("no original", line.number)
            _check_headings(originals, lines)
            for provision_id, line in lines.items():
                if line.parent != originals[provision_id].parent:
                    raise _unreadable("other chapter", line.number)


def _check_headings(originals: Mapping[str, _Line], lines: Mapping[str, _Line]) -> None:
    """Refuse a translation without the heading of a chapter or article: what stands under it would go to the one before.

    An item alone may lack its translation; that is a divergence.
    """
    for provision_id, original in originals.items():
        if original.kind is not ProvisionKind.ITEM and provision_id not in lines:
            later = (
                line.number
                for line in lines.values()
                if line.kind is original.kind and line.provision > original.provision
            )
            raise _unreadable("gap", next(later, max(line.number for line in lines.values())))


def _provisions(by_language: Mapping[Language, Mapping[str, _Line]]) -> Iterator[Provision]:
    for provision_id, line in by_language[AUTHORITATIVE].items():
        texts = {
            language: found.wording if (found := by_language[language].get(provision_id)) else None
            for language in LANGUAGES
        }
        yield Provision(provision_id, line.kind, str(line.provision), line.parent, texts)


def _title(lines: Sequence[str], span: _Span, spans: Sequence[_Span]) -> tuple[int, str] | None:
    """The title over a language's text, if it has one: the line's number, and the title.

    Of several lines that could be it, the last: what a page leads its reader along stands above.
    """
    start = max((other.last for other in spans if other.last < span.first), default=0)
    for number in range(span.first - 1, start, -1):
        title = " ".join(lines[number - 1].split())
        if _TITLES[span.language].fullmatch(title):
            if not is_wording(title):
                raise _unreadable("characters", number)
            return number, title
    return None


def _left_out(lines: Sequence[str], spans: Sequence[_Span], titles: set[int]) -> Iterator[LeftOut]:
    first, second = spans
    gaps: tuple[tuple[range, Literal["before", "between", "after"]], ...] = (
        (range(1, first.first), "before"),
        (range(first.last + 1, second.first), "between"),
        (range(second.last + 1, len(lines) + 1), "after"),
    )
    for gap, where in gaps:
        run: list[int] = []
        for number in gap:
            if number in titles:
                if run:
                    yield LeftOut(run[0], run[-1], where)
                run = []
            elif lines[number - 1]:
                run.append(number)
        if run:
            yield LeftOut(run[0], run[-1], where)


def _unreadable(reason: str, line: int) -> PublishedTextUnreadable:
    return PublishedTextUnreadable(reason=reason, line=line)
