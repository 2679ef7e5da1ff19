"""A made-up convention of four chapters and 31 articles, numbered as the reference convention is."""

from services.amendments.domain.numerals import label
from services.amendments.domain.provision import (
    ConventionText,
    Place,
    Provision,
    ProvisionKind,
    Wording,
)
from shared.kernel.text import Language

CHAPTERS = {"ch_1": (1, 5), "ch_2": (6, 18), "ch_3": (19, 25), "ch_4": (26, 31)}
ITEMS_OF_ARTICLE_9 = 4
ADOPTION = "经成员单位十分之一以上提议,并经三分之二以上同意,可以修改本公约。"


def made_up_text() -> ConventionText:
    """Every article says which one it is; Art. 9 has four items, the second without a translation."""
    return ConventionText(tuple(_provisions()), {"zh": "示例公约", "en": "Example Convention"})


def _provisions() -> list[Provision]:
    provisions = []
    for chapter, (first, last) in CHAPTERS.items():
        provisions.append(_provision(chapter, None, _words(chapter)))
        for number in range(first, last + 1):
            provisions.append(_provision(f"art_{number}", chapter, _words(f"art_{number}")))
            if number == 9:
                provisions += [
                    _provision(f"art_9_{item}", "art_9", _words(f"art_9_{item}"))
                    for item in range(1, ITEMS_OF_ARTICLE_9 + 1)
                ]
    return provisions


def _words(provision_id: str) -> Wording:
    words: dict[str, Wording] = {
        "art_9_2": {"zh": "第九条第二项的示例文字;", "en": None},
        "art_27": {"zh": ADOPTION, "en": "One tenth propose, two thirds agree: it is amended."},
    }
    place = Place.of(provision_id)
    return words.get(
        provision_id,
        {
            "zh": f"编号{place.number}的示例文字({provision_id})。",
            "en": f"The wording of {provision_id}.",
        },
    )


def _provision(provision_id: str, parent: str | None, texts: Wording) -> Provision:
    place = Place.of(provision_id)
    return Provision(provision_id, place.kind, str(place.number), parent, texts)


BEFORE, BETWEEN, AFTER = "Posted on Updated on", "分享到:", "Leave a Reply\n\nLog Out /  Change )"


def published(text: ConventionText) -> str:
    """``text`` as a web page has it: the translation first, then the Chinese, with what a page leaves around them."""
    blocks = [_block(text, "en", "\n\n"), _block(text, "zh", "\n")]
    return f"\n{BETWEEN}\n".join([f"{blocks[0]}\n", f"\n{blocks[1]}\n\n{AFTER}"])


def _block(text: ConventionText, language: Language, end: str) -> str:
    lines = [text.titles[language], BEFORE if language == "en" else None]
    lines += [_published_line(provision, language) for provision in text.provisions]
    return end.join(line for line in lines if line is not None)


def _published_line(provision: Provision, language: Language) -> str | None:
    wording = provision.texts[language]
    if wording is None:
        return None
    is_heading = provision.kind is not ProvisionKind.ITEM
    return f"{label(provision, language)}{':' if is_heading and language == 'en' else ''} {wording}"
