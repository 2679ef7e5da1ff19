"""Who may call a route. Every route declares it; what it does not allow is refused."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from fastapi import Request

from shared.db.work import Work
from shared.http.problems import InvalidRequest, SignInRequired
from shared.kernel.actor import Actor, Role, Scope
from shared.kernel.errors import Forbidden, NotFound
from shared.kernel.text import Text

MayAct = Callable[[Work, Actor, Scope, bool], Awaitable[bool]]
"""Whether the actor's subject holds a mandate with the scope for the member it names (True: or held at its leaving)."""

MayActNow = Callable[[Actor, Scope, bool], Awaitable[bool]]
"""The same, within the work at hand."""


class NoMandate(Forbidden):
    """The register has no valid mandate of this subject for the member it names, or not in this scope (Art. 24, 26)."""

    title = Text("没有有效的授权", "No valid mandate")


class RoleMissing(Forbidden):
    """The token does not carry the organ role that this act needs."""

    title = Text("缺少所需的职务", "The role is missing")


class OtherMember(Forbidden):
    """The token acts for another member than the one named in the path."""

    title = Text("不是本单位的事项", "Not the caller's own unit")


class MemberNotNamed(InvalidRequest):
    """The token does not say for which member it acts (claim ``member``)."""

    title = Text("令牌未写明所代表的成员单位", "The token names no member")


ACCESS_REFUSALS = (NoMandate, RoleMissing, OtherMember, MemberNotNamed)


@dataclass(frozen=True, slots=True)
class Access:
    """Who may call: the public; whoever is signed in; a role; a representative with a scope. Any one is enough.

    ``own``: the path parameter that must be the representative's own member. ``former``: a mandate still held when the
    member left also counts. ``seen_by``: who may see the resource; they are told 403, all others 404.
    """

    public: bool = False
    signed_in: bool = False
    roles: frozenset[Role] = frozenset()
    scope: Scope | None = None
    own: str | None = None
    former: bool = False
    seen_by: "Access | None" = None

    async def check(self, request: Request, actor: Actor, may_act: MayActNow) -> None:
        """Return when ``actor`` may call; refuse otherwise (401, 403 or 404; 422 where the member is not named)."""
        if self.public:
            return
        if not actor.is_signed_in:
            raise SignInRequired
        if self.signed_in or actor.has(*self.roles):
            return
        try:
            await self._check_mandate(request, actor, may_act)
        except Forbidden as refusal:
            if self.seen_by is None:
                raise NotFound from None
            try:
                await self.seen_by.check(request, actor, may_act)
            except (Forbidden, NotFound, SignInRequired, MemberNotNamed):
                raise NotFound from None
            raise refusal

    async def _check_mandate(self, request: Request, actor: Actor, may_act: MayActNow) -> None:
        if self.scope is None or actor.roles:
            raise RoleMissing
        if actor.member_id is None:
            raise MemberNotNamed
        if self.own is not None and request.path_params[self.own] != actor.member_id:
            raise OtherMember
        if not await may_act(actor, self.scope, self.former):
            raise NoMandate

    def described(self) -> str:
        """Who may call, in words, for the reference page."""
        if self.public:
            return "everyone"
        who = [f"role {role.value}" for role in sorted(self.roles)]
        if self.signed_in:
            who.append("whoever is signed in")
        if self.scope is not None:
            own = "the member's own " if self.own else ""
            who.append(f"{own}representative with scope {self.scope.value}")
        return ", or ".join(who)


PUBLIC_ACCESS = Access(public=True)
SIGNED_IN = Access(signed_in=True)


def role(*roles: Role, seen_by: Access | None = None) -> Access:
    """Access for whoever has one of the organ ``roles``."""
    return Access(roles=frozenset(roles), seen_by=seen_by)
