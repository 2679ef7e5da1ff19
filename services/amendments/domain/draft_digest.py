"""What a draft would change, and the hash that supports and ballots are bound to (edge case 6)."""

import hashlib
from dataclasses import dataclass

from services.amendments.domain.changes import (
    Change,
    Draft,
    InsertProvision,
    RepealProvision,
    apply,
    apply_rules,
    value_data,
)
from services.amendments.domain.provision import ConventionText
from services.amendments.domain.text_errors import ChangesNotApplicable
from shared.kernel.chain import canonical
from shared.kernel.rulebook import Rulebook


@dataclass(frozen=True, slots=True)
class Base:
    """The version that a draft would change: its number, text and rulebook."""

    number: int
    text: ConventionText
    rulebook: Rulebook

    def check(self, draft: Draft) -> None:
        """Refuse with ``ChangesNotApplicable`` a draft that changes nothing, or does not fit this version."""
        if not draft.touched:
            raise ChangesNotApplicable(reason="nothing changed", pointers=["/changes"])
        self.text_after(draft)
        self.rulebook_after(draft)

    def text_after(self, draft: Draft) -> ConventionText:
        """The text as the draft would have it."""
        return apply(self.text, draft.changes)

    def rulebook_after(self, draft: Draft) -> Rulebook:
        """The rulebook as the draft would have it, of the next version; the same one where no rule is set."""
        return apply_rules(self.rulebook, draft.rule_changes)

    def digest_of(self, draft: Draft) -> str:
        """SHA-256 over the draft and what it would replace: the hash that supports and ballots are bound to.

        On another base it is equal exactly where nothing that the draft touches is different there: another translation
        is the same law (edge case 27).
        """
        replaced: dict[str, object] = {c.id: self._replaced_by(c) for c in draft.changes}
        for rule in draft.rule_changes:
            replaced[rule.key] = value_data(self.rulebook.entries[rule.key].value)
        return hashlib.sha256(
            canonical({"draft": draft.as_data(), "replaced": replaced})
        ).hexdigest()

    def touched_by(self, draft: Draft) -> frozenset[str]:
        """The ids and rule keys that a draft changes here, with all that falls with a provision it repeals."""
        repealed = (c.id for c in draft.changes if isinstance(c, RepealProvision))
        return draft.touched.union(p.id for i in repealed for p in self.text.within(i))

    def _replaced_by(self, change: Change) -> object:
        if isinstance(change, InsertProvision):
            return None
        if isinstance(change, RepealProvision):
            return [[provision.id, *provision.law] for provision in self.text.within(change.id)]
        return list(self.text.get(change.id).law)


def changes_digest(draft: Draft) -> str:
    """SHA-256 over what a draft would change, whatever its title and reasons: equal for identical proposals."""
    data = draft.as_data()
    return hashlib.sha256(
        canonical({name: data[name] for name in ("changes", "rule_changes")})
    ).hexdigest()
