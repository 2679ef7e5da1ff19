"""The history checker: what was announced against what had an effect (lost, unexpected, doubled, out of order)."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Effect:
    """One effect of an event; ``number`` is the event's own number within its aggregate."""

    aggregate_id: str
    number: int


@dataclass(slots=True)
class Verdict:
    """What the checker found. Sound: nothing of all four kinds."""

    lost: set[Effect] = field(default_factory=set)
    unexpected: set[Effect] = field(default_factory=set)
    doubled: set[Effect] = field(default_factory=set)
    out_of_order: list[Effect] = field(default_factory=list)

    @property
    def is_sound(self) -> bool:
        """Whether every announced event had exactly one effect, in order per aggregate, and nothing else had one."""
        return not (self.lost or self.unexpected or self.doubled or self.out_of_order)


def judge(announced: Iterable[Effect], effects: Iterable[Effect]) -> Verdict:
    """Compare what was committed with the effects that happened, in the order in which they happened."""
    wanted, verdict = set(announced), Verdict()
    seen: Counter[Effect] = Counter()
    last: dict[str, int] = defaultdict(int)
    for effect in effects:
        seen[effect] += 1
        if effect.number < last[effect.aggregate_id]:
            verdict.out_of_order.append(effect)
        last[effect.aggregate_id] = max(last[effect.aggregate_id], effect.number)
    verdict.lost = wanted - seen.keys()
    verdict.unexpected = seen.keys() - wanted
    verdict.doubled = {effect for effect, count in seen.items() if count > 1}
    return verdict
