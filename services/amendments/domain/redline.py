"""What differs between two wordings, in tokens: a Han character, a word of letters and digits, or one other character."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import takewhile
from typing import Literal

from services.amendments.domain.provision import (
    AUTHORITATIVE,
    ConventionText,
    Provision,
    ProvisionKind,
)
from shared.kernel.text import Language

Kind = Literal["equal", "insert", "delete", "replace"]
Standing = Literal["unchanged", "changed", "inserted", "repealed", "restored", "taken_out"]

MOST_PAIRS = 300_000

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff〇"
_TOKEN = re.compile(rf"[{_HAN}]|[^\W_{_HAN}]+(?:['’-][^\W_{_HAN}]+)*|\s+|.", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opcode:
    """A run of tokens: ``old`` becomes ``new``; both are the same where nothing changes, one is empty in the others."""

    kind: Kind
    old: tuple[str, ...]
    new: tuple[str, ...]

    @property
    def is_change(self) -> bool:
        """Whether the run differs."""
        return self.kind != "equal"

    @property
    def old_text(self) -> str:
        """The run as it was."""
        return "".join(self.old)

    @property
    def new_text(self) -> str:
        """The run as it is."""
        return "".join(self.new)


def tokens(text: str) -> list[str]:
    """``text`` cut up; joined again it is the same."""
    return _TOKEN.findall(text)


def between(old: str, new: str) -> list[Opcode]:
    """The opcodes that make ``new`` of ``old``; changed runs that only white space parts are one.

    Where comparing would take too long (``MOST_PAIRS`` of equal tokens), what lies between the common beginning and the
    common end is one change.
    """
    before, after = tuple(tokens(old)), tuple(tokens(new))
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    tail = len(before) - end
    middle = _compared(before[start:tail], after[start : len(after) - end])
    whole = (_equal(before[:start]), *middle, _equal(before[tail:]))
    return list(_merged(opcode for opcode in whole if opcode.old or opcode.new))


def _common(before: Sequence[str], after: Sequence[str]) -> int:
    return sum(
        1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False))
    )


def _equal(run: tuple[str, ...]) -> Opcode:
    return Opcode("equal", run, run)


def _compared(before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[Opcode]:
    counts = Counter(after)
    if sum(counts[token] for token in before) > MOST_PAIRS:
        yield Opcode("replace", before, after)
        return
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, a, b, c, d in matcher.get_opcodes():
        yield Opcode(kind, before[a:b], after[c:d])


def _merged(opcodes: Iterator[Opcode]) -> Iterator[Opcode]:
    """Words changed next to each other read better as one change than as many."""
    held: list[Opcode] = []
    for opcode in opcodes:
        if opcode.is_change or (held and _is_space(opcode)):
            held.append(opcode)
            continue
        yield from _joined(held)
        held = []
        yield opcode
    yield from _joined(held)


def _is_space(opcode: Opcode) -> bool:
    return len(opcode.old) == 1 and opcode.old[0] == " "


def _joined(run: Sequence[Opcode]) -> Iterator[Opcode]:
    changes = [i for i, opcode in enumerate(run) if opcode.is_change]
    if not changes:
        return
    last = changes[-1] + 1
    old = tuple(token for opcode in run[:last] for token in opcode.old)
    new = tuple(token for opcode in run[:last] for token in opcode.new)
    kind: Kind = "replace" if old and new else "delete" if old else "insert"
    yield Opcode(kind, old, new)
    yield from run[last:]


@dataclass(frozen=True, slots=True)
class ProvisionRedline:
    """One provision in both versions. A repealed one has lost its text.

    ``taken_out`` (``new`` did not have it yet) and ``restored`` (it was not yet repealed) stand only where ``new`` is the
    earlier version. A ``changed`` one may read the same in one language: the law is the authoritative text.
    """

    provision_id: str
    kind: ProvisionKind
    standing: Standing
    opcodes: tuple[Opcode, ...]


def redline(old: ConventionText, new: ConventionText, language: Language) -> list[ProvisionRedline]:
    """Every provision of ``new`` with what became of it since ``old``, and any that ``new`` lacks, all in their order."""
    lacking: dict[str | None, list[ProvisionRedline]] = {}
    before: str | None = None
    for provision in old.provisions:
        if provision.id in new.by_id:
            before = provision.id
        else:
            lacking.setdefault(before, []).append(_taken_out(provision, language))
    parts = lacking.get(None, [])
    for provision in new.provisions:
        parts.append(_of(old.by_id.get(provision.id), provision, language))
        parts += lacking.get(provision.id, [])
    return parts


def _of(old: Provision | None, new: Provision, language: Language) -> ProvisionRedline:
    opcodes = tuple(between(_wording(old, language), _wording(new, language)))
    if old is None:
        standing: Standing = "inserted"
    elif new.is_repealed != old.is_repealed:
        standing = "repealed" if new.is_repealed else "restored"
    elif any(_wording(old, each) != _wording(new, each) for each in (AUTHORITATIVE, language)):
        standing = "changed"
    else:
        standing = "unchanged"
    return ProvisionRedline(new.id, new.kind, standing, opcodes)


def _taken_out(old: Provision, language: Language) -> ProvisionRedline:
    opcodes = tuple(between(_wording(old, language), ""))
    return ProvisionRedline(old.id, old.kind, "taken_out", opcodes)


def _wording(provision: Provision | None, language: Language) -> str:
    return (provision and provision.texts.get(language)) or ""
