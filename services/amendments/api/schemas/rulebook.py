"""The views of the rulebook."""

from typing import Annotated, Literal

from pydantic import Field

from services.amendments.api.schemas.parts import View
from services.amendments.domain.changes import value_data
from shared.kernel.rulebook import Rulebook


class RatioOut(View):
    """An exact ratio of what `of` names; `inclusive`: the number itself counts."""

    numerator: int
    denominator: int
    inclusive: bool
    of: str


class TermOut(View):
    """Months and days together; the starting day is not counted."""

    months: int
    days: int


class RuleOut(View):
    """A number that decides something, the article it rests on, and who gives it."""

    key: str
    value: RatioOut | TermOut
    article: str
    given_by: Annotated[
        Literal["text", "house"],
        Field(description="The convention's text, or a house rule of the organ (Art. 30)."),
    ]


class RulebookOut(View):
    """A version of the rulebook, whole."""

    object: Literal["rulebook"] = "rulebook"
    version: int
    url: str
    is_in_force: bool
    entries: list[RuleOut]

    @classmethod
    def of(cls, rulebook: Rulebook, in_force: Rulebook, url: str) -> "RulebookOut":
        """The view of ``rulebook``."""
        return cls.model_validate(
            {
                "version": rulebook.version,
                "url": f"{url}/v1/rulebook?version={rulebook.version}",
                "is_in_force": rulebook.version == in_force.version,
                "entries": [
                    {
                        "key": entry.key,
                        "value": value_data(entry.value),
                        "article": entry.article,
                        "given_by": entry.given_by,
                    }
                    for entry in rulebook.entries.values()
                ],
            }
        )
