"""Lifecycles as tables: the only source of "from where to where"."""

from collections.abc import Iterable
from enum import StrEnum
from typing import Generic, TypeVar

from shared.kernel.errors import Conflict
from shared.kernel.text import Text

S = TypeVar("S", bound=StrEnum)
A = TypeVar("A", bound=StrEnum)


class NotAllowedNow(Conflict):
    """The act exists, but not from the state the thing is in. ``allowed_actions`` says what is possible now."""

    title = Text("当前状态下不能办理此事项", "This act is not possible in the present state")


class Lifecycle(Generic[S, A]):
    """A transition table: rows of (action, states it may start from, state it leads to).

    Refused when it is built: two moves of one action from one state, a state that nothing leads to.
    """

    def __init__(self, name: str, start: S, moves: Iterable[tuple[A, set[S], S]]) -> None:
        self.name = name
        self.start = start
        self.states: type[S] = type(start)
        self._target: dict[tuple[S, A], S] = {}
        for action, sources, target in moves:
            for source in (state for state in self.states if state in sources):
                if (source, action) in self._target:
                    raise ValueError(f"{name}: two moves for {action} from {source}")
                self._target[source, action] = target
        orphans = set(self.states) - {start} - set(self._target.values())
        if orphans:
            raise ValueError(f"{name}: nothing leads to {sorted(orphans)}")

    def after(self, state: S, action: A) -> S:
        """The state that ``action`` leads to from ``state``; refuses with ``NotAllowedNow``."""
        try:
            return self._target[state, action]
        except KeyError:
            raise NotAllowedNow(state=state.value, allowed_actions=self.allowed(state)) from None

    def allowed(self, state: S) -> list[str]:
        """The actions possible from ``state``, in the order of the table."""
        return [action.value for source, action in self._target if source == state]

    def is_final(self, state: S) -> bool:
        """Whether no action leads out of ``state``."""
        return not self.allowed(state)

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram, in the order of the table."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start}"]
        lines += [f"    {s} --> {t}: {a}" for (s, a), t in self._target.items()]
        lines += [f"    {s} --> [*]" for s in self.states if self.is_final(s)]
        return "\n".join(lines)
