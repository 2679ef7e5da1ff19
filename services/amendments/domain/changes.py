"""What a proposal would change: provisions of the text and values of the rulebook, and applying it (Art. 27)."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from services.amendments.domain.provision import (
    AUTHORITATIVE,
    LANGUAGES,
    ConventionText,
    Number,
    Place,
    Provision,
    ProvisionKind,
    Wording,
    is_wording,
)
from services.amendments.domain.text_errors import (
    ChangesNotApplicable,
    ProvisionUnknown,
)
from shared.kernel.chain import canonical
from shared.kernel.ratio import Ratio
from shared.kernel.rulebook import Rulebook
from shared.kernel.terms import Term

LONGEST_DAYS, LONGEST_MONTHS, LARGEST_DENOMINATOR = 3_660, 120, 1_000_000
MAY_BE_ZERO = frozenset({"withdrawal.notice_term", "ballot.notice_term"})
BY_ANALOGY = {"annex.adoption": "amendment.adoption"}


@dataclass(frozen=True, slots=True)
class ReplaceProvision:
    """Another text for a provision. A language not given has none afterwards: it is "not translated"."""

    id: str
    texts: Wording


@dataclass(frozen=True, slots=True)
class InsertProvision:
    """A new provision. Its id says where it stands: ``art_9-1`` after Art. 9, ``art_32`` after the last.

    ``parent``: the chapter of an article; without it, that of the article before it.
    """

    id: str
    texts: Wording
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class RepealProvision:
    """A provision, and what is under it, is law no longer. Its number stays."""

    id: str


@dataclass(frozen=True, slots=True)
class SetRule:
    """Another value for an entry of the rulebook."""

    key: str
    value: Ratio | Term


Change = ReplaceProvision | InsertProvision | RepealProvision


@dataclass(frozen=True)
class Draft:
    """What a proposal says: its changes in order, with a title and reasons. ``digest`` is what a support is bound to."""

    changes: tuple[Change, ...]
    rule_changes: tuple[SetRule, ...]
    title: Wording
    reasons: Wording

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over the canonical JSON of the draft."""
        return hashlib.sha256(canonical(self.as_data())).hexdigest()

    @property
    def touched(self) -> frozenset[str]:
        """The ids and rule keys that the draft changes: drafts that share one collide."""
        return frozenset([c.id for c in self.changes] + [r.key for r in self.rule_changes])

    def as_data(self) -> dict[str, object]:
        """The draft as plain values."""
        return {
            "changes": [change_data(change) for change in self.changes],
            "rule_changes": [
                {"key": rule.key, "value": value_data(rule.value)} for rule in self.rule_changes
            ],
            "title": _both(self.title),
            "reasons": _both(self.reasons),
        }


def draft_from(data: Mapping[str, Any]) -> Draft:
    """The inverse of ``Draft.as_data``."""
    return Draft(
        tuple(change_from(change) for change in data["changes"]),
        tuple(SetRule(rule["key"], value_from(rule["value"])) for rule in data["rule_changes"]),
        data["title"],
        data["reasons"],
    )


def change_data(change: Change) -> dict[str, object]:
    """A change as plain values; ``kind`` is ``replace``, ``insert`` or ``repeal``."""
    match change:
        case ReplaceProvision():
            return {"kind": "replace", "id": change.id, "texts": _both(change.texts)}
        case InsertProvision():
            return {
                "kind": "insert",
                "id": change.id,
                "texts": _both(change.texts),
                "parent": change.parent,
            }
    return {"kind": "repeal", "id": change.id}


def change_from(data: Mapping[str, Any]) -> Change:
    """The inverse of ``change_data``."""
    match data["kind"]:
        case "replace":
            return ReplaceProvision(data["id"], data["texts"])
        case "insert":
            return InsertProvision(data["id"], data["texts"], data["parent"])
    return RepealProvision(data["id"])


def value_data(value: Ratio | Term) -> dict[str, object]:
    """A rule's value as plain values."""
    if isinstance(value, Ratio):
        return {
            "numerator": value.numerator,
            "denominator": value.denominator,
            "inclusive": value.inclusive,
            "of": value.of,
        }
    return {"months": value.months, "days": value.days}


def value_from(data: Mapping[str, Any]) -> Ratio | Term:
    """The inverse of ``value_data``."""
    return Ratio(**data) if "numerator" in data else Term(**data)


def apply(text: ConventionText, changes: Sequence[Change]) -> ConventionText:
    """The text with ``changes`` made, one after another; the given one stays as it is.

    Refuses with ``ChangesNotApplicable``: ids that are unknown, repealed, taken or changed twice, a number that does not
    follow on, a change that changes nothing, a wording that is none.
    """
    changed: set[str] = set()
    for place, change in enumerate(changes):
        at = f"/changes/{place}"
        if change.id in changed:
            raise _refused("twice", f"{at}/id")
        changed.add(change.id)
        match change:
            case ReplaceProvision():
                text = _replaced(text, change, at)
            case InsertProvision():
                text = _inserted(text, change, at)
            case RepealProvision():
                text = _repealed(text, change, changed, at)
    return text


def apply_rules(rulebook: Rulebook, rule_changes: Sequence[SetRule]) -> Rulebook:
    """The next version of ``rulebook``, with ``rule_changes`` made; the same one where there are none.

    A value keeps the article it rests on. One that is what it is by analogy to another goes with that, unless it was
    set by itself. Refuses with ``ChangesNotApplicable``: a key that is unknown or set twice,
    the value it has already, another kind of value, or one outside what the rule can be.
    """
    if not rule_changes:
        return rulebook
    entries = dict(rulebook.entries)
    seen: set[str] = set()
    for place, rule in enumerate(rule_changes):
        at = f"/rule_changes/{place}"
        if rule.key not in entries:
            raise _refused("unknown", f"{at}/key")
        if rule.key in seen:
            raise _refused("twice", f"{at}/key")
        seen.add(rule.key)
        present = entries[rule.key]
        if not _can_be(present.value, rule):
            raise _refused("value", f"{at}/value")
        if present.value == rule.value:
            raise _refused("nothing changed", f"{at}/value")
        entries[rule.key] = replace(present, value=rule.value)
    for follower, leader in BY_ANALOGY.items():
        was = rulebook.entries
        if follower not in seen and was[follower].value == was[leader].value:
            entries[follower] = replace(was[follower], value=entries[leader].value)
    return Rulebook(rulebook.version + 1, tuple(entries.values()))


def _can_be(present: Ratio | Term, rule: SetRule) -> bool:
    value = rule.value
    if isinstance(present, Ratio):
        return isinstance(value, Ratio) and is_bounded(value) and value.of == present.of
    return (
        isinstance(value, Term)
        and is_bounded(value)
        and (value.days + value.months > 0 or rule.key in MAY_BE_ZERO)
    )


def is_bounded(value: Ratio | Term) -> bool:
    """Whether a ratio can be counted exactly, or a term ends in a year that there is."""
    if isinstance(value, Ratio):
        return value.denominator <= LARGEST_DENOMINATOR
    return 0 <= value.days <= LONGEST_DAYS and 0 <= value.months <= LONGEST_MONTHS


def _replaced(text: ConventionText, change: ReplaceProvision, at: str) -> ConventionText:
    present = _in_force(text, change.id, at)
    texts = _checked(change.texts, at)
    if texts[AUTHORITATIVE] == present.texts[AUTHORITATIVE]:
        raise _refused("nothing changed", f"{at}/texts/{AUTHORITATIVE}")
    return _with(text, {change.id: replace(present, texts=texts)})


def _repealed(
    text: ConventionText, change: RepealProvision, changed: set[str], at: str
) -> ConventionText:
    _in_force(text, change.id, at)
    fallen = {p.id: p for p in text.within(change.id) if not p.is_repealed}
    if not changed.isdisjoint(fallen.keys() - {change.id}):
        raise _refused("twice", f"{at}/id")
    changed.update(fallen)
    nothing: Wording = dict.fromkeys(LANGUAGES)
    return _with(
        text, {key: replace(p, texts=nothing, is_repealed=True) for key, p in fallen.items()}
    )


def _inserted(text: ConventionText, change: InsertProvision, at: str) -> ConventionText:
    try:
        place = Place.of(change.id)
    except ProvisionUnknown:
        raise _refused("place", f"{at}/id") from None
    if change.id in text.by_id:
        raise _refused("exists", f"{at}/id")
    before = _before(text, place, at)
    parent = _parent(text, place, before, change.parent, at)
    new = Provision(change.id, place.kind, str(place.number), parent, _checked(change.texts, at))
    index = _index(text, new, place)
    return replace(text, provisions=(*text.provisions[:index], new, *text.provisions[index:]))


def _before(text: ConventionText, place: Place, at: str) -> Provision | None:
    """The provision that this number follows, repealed or not."""
    number = place.number.predecessor
    if number is None:
        return None
    before = text.by_id.get(replace(place, number=number).id)
    if before is None:
        raise _refused("place", f"{at}/id")
    return before


def _parent(
    text: ConventionText, place: Place, before: Provision | None, named: str | None, at: str
) -> str | None:
    match place.kind:
        case ProvisionKind.CHAPTER:
            parent = None
        case ProvisionKind.ITEM:
            parent = place.article
        case _:
            parent = named or (before.parent if before else None)
    if named not in (None, parent) or (parent is None) != (place.kind is ProvisionKind.CHAPTER):
        raise _refused("place", f"{at}/parent")
    if parent is not None:
        holder = _in_force(text, parent, at)
        if (holder.kind is ProvisionKind.CHAPTER) != (place.kind is ProvisionKind.ARTICLE):
            raise _refused("place", f"{at}/parent")
        if place.kind is ProvisionKind.ARTICLE and not _keeps_order(text, place.number, parent):
            raise _refused("place", f"{at}/parent")
    return parent


def _keeps_order(text: ConventionText, number: Number, chapter: str) -> bool:
    """Whether an article with ``number`` in ``chapter`` leaves all articles in the order of their numbers."""
    order = [p.id for p in text.of_kind(ProvisionKind.CHAPTER)]
    mine = order.index(chapter)
    for article in text.of_kind(ProvisionKind.ARTICLE):
        theirs = order.index(str(article.parent))
        is_earlier = Number.parse(article.number) < number
        if theirs > mine if is_earlier else theirs < mine:
            return False
    return True


def _index(text: ConventionText, new: Provision, place: Place) -> int:
    """Where ``new`` goes: after the last of its siblings with a lower number and all that is under it."""
    index = 0 if new.parent is None else _end_of(text, new.parent, alone=True)
    for sibling in text.children(new.parent):
        if Number.parse(sibling.number) < place.number:
            index = _end_of(text, sibling.id)
    return index


def _end_of(text: ConventionText, provision_id: str, *, alone: bool = False) -> int:
    last = text.get(provision_id) if alone else text.within(provision_id)[-1]
    return text.provisions.index(last) + 1


def _in_force(text: ConventionText, provision_id: str, at: str) -> Provision:
    found = text.by_id.get(provision_id)
    if found is None:
        raise _refused("unknown", f"{at}/id")
    if found.is_repealed:
        raise _refused("repealed", f"{at}/id")
    return found


def _with(text: ConventionText, changed: Mapping[str, Provision]) -> ConventionText:
    return replace(text, provisions=tuple(changed.get(p.id, p) for p in text.provisions))


def _checked(texts: Wording, at: str) -> Wording:
    if texts.get(AUTHORITATIVE) is None:
        raise _refused("wording", f"{at}/texts/{AUTHORITATIVE}")
    for language in LANGUAGES:
        given = texts.get(language)
        if given is not None and not is_wording(given):
            raise _refused("wording", f"{at}/texts/{language}")
    return _both(texts)


def _both(texts: Wording) -> dict[Any, str | None]:
    return {language: texts.get(language) for language in LANGUAGES}


def _refused(reason: str, *pointers: str) -> ChangesNotApplicable:
    return ChangesNotApplicable(reason=reason, pointers=list(pointers))
