"""Proposals as they are sent."""

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator
from pydantic_core import PydanticCustomError

from services.amendments.api.schemas.parts import DIGEST, sent
from services.amendments.domain.changes import (
    Change,
    Draft,
    InsertProvision,
    RepealProvision,
    ReplaceProvision,
    SetRule,
)
from services.amendments.domain.provision import Wording
from shared.contracts.base import Digest
from shared.http.strict import Body, Flag, Line, Prose, Whole
from shared.kernel.ratio import Ratio
from shared.kernel.terms import Term
from shared.kernel.text import Language

CHANGE: dict[str, JsonValue] = {
    "kind": "replace",
    "id": "art_27",
    "texts": {"zh": "经四分之三以上成员单位同意，可以对本公约进行修改。", "en": None},
}
RULE_CHANGE: dict[str, JsonValue] = {
    "key": "amendment.adoption",
    "value": {"numerator": 3, "denominator": 4, "inclusive": True, "of": "members"},
}
DRAFT: dict[str, JsonValue] = {
    "changes": [CHANGE],
    "rule_changes": [RULE_CHANGE],
    "title": {"zh": "提高修改公约的表决比例", "en": "A higher majority for amendments"},
    "reasons": {"zh": "使修改更为审慎。", "en": "Amendments deserve a broad majority."},
}

ProvisionId = Annotated[
    str,
    Field(
        max_length=40, description="`ch_1`, `art_9`, `art_9_2`, or `art_9-1` for an inserted one."
    ),
]


class TitleIn(Body):
    """A title of one line: Chinese, and its translation where there is one."""

    zh: Line
    en: Line | None = None


class TextIn(Body):
    """A text: Chinese, and its translation where there is one."""

    zh: Prose
    en: Prose | None = None


class ReplaceIn(Body):
    """Another text for a provision; without a translation it is shown as not translated."""

    kind: Literal["replace"]
    id: ProvisionId
    texts: TextIn

    def change(self) -> Change:
        """The change meant."""
        return ReplaceProvision(self.id, wording(self.texts))


class InsertIn(Body):
    """A new provision; its id says where it stands. ``parent``: the chapter of an article that begins it."""

    kind: Literal["insert"]
    id: ProvisionId
    texts: TextIn
    parent: ProvisionId | None = None

    def change(self) -> Change:
        """The change meant."""
        return InsertProvision(self.id, wording(self.texts), self.parent)


class RepealIn(Body):
    """A provision, and what is under it, is law no longer. Its number stays."""

    kind: Literal["repeal"]
    id: ProvisionId

    def change(self) -> Change:
        """The change meant."""
        return RepealProvision(self.id)


class RatioIn(Body):
    """An exact threshold above zero and at most one."""

    numerator: Annotated[Whole, Field(ge=1)]
    denominator: Annotated[Whole, Field(ge=1)]
    inclusive: Flag = True
    of: Line = "members"

    @model_validator(mode="after")
    def _is_a_share(self) -> Self:
        most = self.denominator if self.inclusive else self.denominator - 1
        if self.numerator > most:
            raise PydanticCustomError("ratio", "A ratio lies above zero and is at most one")
        return self

    def value(self) -> Ratio:
        """The ratio meant."""
        return Ratio(self.numerator, self.denominator, self.inclusive, self.of)


class TermIn(Body):
    """A length of civil time: months and days together."""

    months: Annotated[Whole, Field(ge=0)] = 0
    days: Annotated[Whole, Field(ge=0)] = 0

    def value(self) -> Term:
        """The term meant."""
        return Term(days=self.days, months=self.months)


class RuleChangeIn(Body):
    """Another value for an entry of the rulebook."""

    key: Line
    value: RatioIn | TermIn


class DraftIn(Body):
    """What is to be changed, with a title and reasons. At least one provision or rule."""

    model_config = sent(DRAFT)

    changes: list[Annotated[ReplaceIn | InsertIn | RepealIn, Field(discriminator="kind")]] = Field(
        default_factory=list, max_length=200
    )
    rule_changes: list[RuleChangeIn] = Field(default_factory=list, max_length=50)
    title: TitleIn
    reasons: TextIn

    def draft(self) -> Draft:
        """The draft meant."""
        return Draft(
            tuple(change.change() for change in self.changes),
            tuple(SetRule(rule.key, rule.value.value()) for rule in self.rule_changes),
            wording(self.title),
            wording(self.reasons),
        )


class SubmitProposal(DraftIn):
    """A proposal to amend the version that its author has read."""

    model_config = sent({"base_version": 1, **DRAFT})

    base_version: Annotated[Whole, Field(ge=1)]


class SupportDraft(Body):
    """The hash of the draft that is supported, as it was read."""

    model_config = sent({"draft_digest": DIGEST})

    draft_digest: Digest


class CorrectTypo(Body):
    """A short piece that stands once in a text, and what it should be."""

    model_config = sent({"place": "art_27", "language": "zh", "wrong": "同竟", "right": "同意"})

    place: Annotated[
        Line, Field(description="A provision that the draft changes, `title` or `reasons`.")
    ]
    language: Language
    wrong: Line
    right: Line


class RebaseProposal(Body):
    """Another draft for the latest version; without one the present draft is put on it as it is."""

    model_config = sent({"draft": DRAFT})

    draft: DraftIn | None = None


def wording(texts: TitleIn | TextIn) -> Wording:
    """The texts by language."""
    return {"zh": texts.zh, "en": texts.en}
