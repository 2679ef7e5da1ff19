"""A version of the convention as Markdown, in one language."""

import re

from services.amendments.api.remarks import in_place_of_wording, put_off
from services.amendments.domain.numerals import label
from services.amendments.domain.provision import AUTHORITATIVE, Provision, ProvisionKind
from services.amendments.domain.version import Version
from shared.kernel.text import Language, Text

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|~!&])")
_SUMMARY = Text("摘要，并非公约文本。", "A summary of each article in our own words, not the text.")
_TRANSLATION = "Unofficial translation; the Chinese text is authoritative."


def as_markdown(version: Version, language: Language) -> str:
    """The whole text, UTF-8, with its number and dates above it."""
    title = version.text.titles.get(language) or version.text.titles.get(AUTHORITATIVE) or ""
    notes = [_dates(version, language)]
    if version.is_summary:
        notes.append(_SUMMARY.in_language(language))
    elif language != AUTHORITATIVE:
        notes.append(_TRANSLATION)
    head = [f"# {_escaped(title)}"] if title else []
    lines = [*head, *(f"> {note}" for note in notes if note)]
    lines += [
        _line(provision, language) + put_off(version, provision, language)
        for provision in version.text.provisions
    ]
    return "\n\n".join(lines) + "\n"


def _dates(version: Version, language: Language) -> str:
    if version.in_force_on is None:
        return ""
    return Text(
        f"第{version.number}版，{version.in_force_on}起施行。",
        f"Version {version.number}, in force from {version.in_force_on}.",
    ).in_language(language)


def _line(provision: Provision, language: Language) -> str:
    wording = _wording(provision, language)
    name = label(provision, language)
    match provision.kind:
        case ProvisionKind.CHAPTER:
            return f"## {name} {wording}"
        case ProvisionKind.ARTICLE:
            return f"**{name}** {wording}"
    return f"- {name} {wording}"


def _wording(provision: Provision, language: Language) -> str:
    wording = provision.texts.get(language)
    if wording:
        return _escaped(wording)
    return in_place_of_wording(provision, language)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)
