"""A version of the convention as Akoma Ntoso 3.0 (OASIS LegalDocML): one expression a language."""

from collections.abc import Sequence
from datetime import date
from xml.etree.ElementTree import Element, SubElement, indent, register_namespace, tostring

from services.amendments.api.remarks import REPEALED, in_place_of_wording, put_off
from services.amendments.domain.numerals import label
from services.amendments.domain.provision import (
    AUTHORITATIVE,
    Provision,
    ProvisionKind,
)
from services.amendments.domain.version import Version, VersionHead
from shared.kernel.text import Language, Text

NAMESPACE = "http://docs.oasis-open.org/legaldocml/ns/akn/3.0"
MEDIA_TYPE = "application/akn+xml"
EDITOR, ORGAN = "#editor", "#organ"
UNDATED = date.min

_ISO_639_2: dict[Language, str] = {"zh": "zho", "en": "eng"}
_NO_ARTICLES = Text("（无条款）", "(no articles)")
_EID = {ProvisionKind.CHAPTER: "chp", ProvisionKind.ARTICLE: "art"}


def as_akoma_ntoso(
    version: Version,
    language: Language,
    *,
    country: str,
    earlier: Sequence[VersionHead],
) -> bytes:
    """``version`` in ``language`` as XML. ``earlier``: the versions before it, for its lifecycle.

    ``country``: ISO 3166-1 of the organ. What has no date, a text that awaits its founding or the bundled summary, has
    the first of the calendar, so that its names stay.
    """
    register_namespace("", NAMESPACE)
    root = Element(_q("akomaNtoso"))
    act = SubElement(root, _q("act"), name="convention")
    versions = [v for v in (*earlier, version.head) if v.in_force_on]
    _meta(act, version, language, _Names(country, version, versions, language))
    title = version.text.titles.get(language) or version.text.titles.get(AUTHORITATIVE)
    if title:
        paragraph = SubElement(SubElement(act, _q("preface")), _q("p"))
        SubElement(paragraph, _q("docTitle")).text = title
    body = SubElement(act, _q("body"))
    for chapter in version.text.children(None):
        _chapter(body, version, chapter, language)
    indent(root)
    document: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return document


class _Names:
    """The names of the work, of the expression and of the manifestation (FRBR)."""

    def __init__(
        self,
        country: str,
        version: Version,
        versions: Sequence[VersionHead],
        language: Language,
    ) -> None:
        self.country = country
        self.versions = versions
        first = versions[0].in_force_on if versions else None
        self.work_date = (first or UNDATED).isoformat()
        self.expression_date = (version.in_force_on or UNDATED).isoformat()
        self.date_name = "in force" if version.in_force_on else "undated"
        self.work = f"/akn/{country}/act/convention/{self.work_date}/1"
        self.expression = (
            f"{self.work}/{_ISO_639_2[language]}@{self.expression_date};v{version.number}"
        )
        self.manifestation = f"{self.expression}.xml"


def _meta(act: Element, version: Version, language: Language, names: _Names) -> None:
    meta = SubElement(act, _q("meta"))
    identification = SubElement(meta, _q("identification"), source=EDITOR)
    work = SubElement(identification, _q("FRBRWork"))
    _frbr(work, f"{names.work}/!main", names.work, names.work_date, names.date_name, ORGAN)
    SubElement(work, _q("FRBRcountry"), value=names.country)
    expression = SubElement(identification, _q("FRBRExpression"))
    at = names.expression
    _frbr(expression, f"{at}/!main", at, names.expression_date, names.date_name, ORGAN)
    SubElement(expression, _q("FRBRversionNumber"), value=str(version.number))
    SubElement(expression, _q("FRBRlanguage"), language=_ISO_639_2[language])
    manifestation = SubElement(identification, _q("FRBRManifestation"))
    at = names.manifestation
    _frbr(manifestation, f"{at}/!main", at, names.expression_date, "export", EDITOR)
    SubElement(manifestation, _q("FRBRformat"), value=MEDIA_TYPE)
    if names.versions:
        lifecycle = SubElement(meta, _q("lifecycle"), source=EDITOR)
        for v in names.versions:
            SubElement(
                lifecycle,
                _q("eventRef"),
                eId=f"version_{v.number}",
                date=str(v.in_force_on),
                source=ORGAN,
                type="generation" if v.number == 1 else "amendment",
            )
    references = SubElement(meta, _q("references"), source=EDITOR)
    for eid, name in (("editor", "Gongyue"), ("organ", "The implementing organ")):
        SubElement(
            references,
            _q("TLCOrganization"),
            eId=eid,
            href=f"/ontology/organization/{eid}",
            showAs=name,
        )
    if version.is_summary or language != AUTHORITATIVE:
        note = "a summary, not the text" if version.is_summary else "an unofficial translation"
        notes = SubElement(meta, _q("notes"), source=EDITOR)
        holder = SubElement(notes, _q("note"), eId="note_1")
        SubElement(holder, _q("p")).text = f"This is {note}; the Chinese text is authoritative."


def _frbr(parent: Element, this: str, uri: str, day: str, name: str, author: str) -> None:
    SubElement(parent, _q("FRBRthis"), value=this)
    SubElement(parent, _q("FRBRuri"), value=uri)
    SubElement(parent, _q("FRBRdate"), date=day, name=name)
    SubElement(parent, _q("FRBRauthor"), href=author)


def _chapter(body: Element, version: Version, chapter: Provision, language: Language) -> None:
    element = _provision(body, "chapter", _eid(chapter), chapter, language)
    heading = chapter.texts.get(language) or chapter.texts.get(AUTHORITATIVE)
    absent = in_place_of_wording(chapter, language)
    _worded(SubElement(element, _q("heading")), heading, absent)
    articles = version.text.children(chapter.id)
    for article in articles:
        _article(element, version, article, language)
    if not articles:
        empty = (REPEALED if chapter.is_repealed else _NO_ARTICLES).in_language(language)
        _worded(SubElement(SubElement(element, _q("content")), _q("p")), None, empty)


def _article(parent: Element, version: Version, article: Provision, language: Language) -> None:
    element = _provision(parent, "article", _eid(article), article, language)
    items = version.text.children(article.id)
    if not items:
        _paragraph(SubElement(element, _q("content")), version, article, language)
        return
    list_eid = f"{_eid(article)}__list_1"
    items_list = SubElement(element, _q("list"), eId=list_eid)
    _paragraph(SubElement(items_list, _q("intro")), version, article, language)
    for item in items:
        point = _provision(items_list, "point", f"{list_eid}__point_{item.number}", item, language)
        _paragraph(SubElement(point, _q("content")), version, item, language)


def _provision(
    parent: Element, name: str, eid: str, provision: Provision, language: Language
) -> Element:
    element = SubElement(parent, _q(name), eId=eid)
    if provision.is_repealed:
        element.set("status", "removed")
    SubElement(element, _q("num")).text = label(provision, language)
    return element


def _paragraph(holder: Element, version: Version, provision: Provision, language: Language) -> None:
    paragraph = SubElement(holder, _q("p"))
    _worded(paragraph, provision.texts.get(language), in_place_of_wording(provision, language))
    if later := put_off(version, provision, language):
        _remark(paragraph, later)


def _worded(element: Element, wording: str | None, absent: str) -> None:
    if wording:
        element.text = wording
    else:
        _remark(element, absent)


def _remark(element: Element, text: str) -> None:
    SubElement(element, _q("remark"), status="editorial").text = text


def _eid(provision: Provision) -> str:
    return f"{_EID[provision.kind]}_{provision.number}"


def _q(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"
