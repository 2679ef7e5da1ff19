"""A small convention for tests: two chapters, four articles, one of them with three items."""

from services.amendments.domain.provision import ConventionText, Place, Provision, Wording

ITEMS = 3


def wording(zh: str, en: str | None = None) -> Wording:
    return {"zh": zh, "en": en}


def provision(provision_id: str, parent: str | None, texts: Wording) -> Provision:
    place = Place.of(provision_id)
    return Provision(provision_id, place.kind, str(place.number), parent, texts)


def a_text() -> ConventionText:
    """Chapter 1 with Art. 1 and 2 (three items), chapter 2 with Art. 3 and 4."""
    return ConventionText(
        (
            provision("ch_1", None, wording("总则", "General")),
            provision("art_1", "ch_1", wording("制定本公约。", "This convention is made.")),
            provision("art_2", "ch_1", wording("成员应当:", "Members:")),
            provision("art_2_1", "art_2", wording("守法;", "obey the law;")),
            provision("art_2_2", "art_2", wording("诚信;")),
            provision("art_2_3", "art_2", wording("公平。", "are fair.")),
            provision("ch_2", None, wording("附则", "Final provisions")),
            provision("art_3", "ch_2", wording("三分之二以上同意。", "At least two thirds agree.")),
            provision("art_4", "ch_2", wording("自公布之日起施行。", "In force once promulgated.")),
        ),
        wording("示例公约", "Example convention"),
    )
