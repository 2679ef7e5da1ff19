"""Texts and changes that Hypothesis makes up."""

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from services.amendments.domain.provision import (
    ConventionText,
    Number,
    Place,
    Provision,
    ProvisionKind,
    Wording,
)

CHARACTERS = "公约成员单位应当以上三分之二或和一十\uff0c。\uff08\uff09;:().,- aBc09'’éß😀"
wordings = st.text(CHARACTERS, min_size=1, max_size=8).map(lambda text: text.strip() or "一")


def numbers(draw: DrawFn, start: Number, most: int, least: int = 1) -> list[Number]:
    """Numbers that follow ``start`` without a gap, some of them inserted ones."""
    found = []
    for _ in range(draw(st.integers(least, most))):
        is_inserted = start.whole > 0 and draw(st.integers(0, 4)) == 0
        start = Number(start.whole, start.inserted + 1) if is_inserted else Number(start.whole + 1)
        found.append(start)
    return found


@st.composite
def texts(draw: DrawFn) -> ConventionText:
    """Chapters with articles, all translated; some announce items, of which some are not."""
    provisions: list[Provision] = []
    article = Number(0)
    for chapter in numbers(draw, Number(0), 3):
        place = Place(ProvisionKind.CHAPTER, chapter)
        provisions.append(_provision(draw, place, None, is_translated=True))
        for number in numbers(draw, article, 3):
            article = number
            place = Place(ProvisionKind.ARTICLE, article)
            has_items = draw(st.integers(0, 3)) == 0
            end = ":" if has_items else ""
            provisions.append(_provision(draw, place, f"ch_{chapter}", is_translated=True, end=end))
            if has_items:
                provisions += [
                    _provision(
                        draw,
                        Place(ProvisionKind.ITEM, item, place.id),
                        place.id,
                        is_translated=draw(st.booleans()),
                    )
                    for item in numbers(draw, Number(0), 3)
                ]
    return ConventionText(tuple(provisions), {"zh": "示例公约", "en": "Example Convention"})


def _provision(
    draw: DrawFn, place: Place, parent: str | None, *, is_translated: bool, end: str = ""
) -> Provision:
    texts: Wording = {
        "zh": draw(wordings) + end,
        "en": draw(wordings) + end if is_translated else None,
    }
    return Provision(place.id, place.kind, str(place.number), parent, texts)
