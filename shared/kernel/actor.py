"""Who is acting."""

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """The ten roles. ``public``, ``applicant`` and ``representative`` follow from the caller; the rest a token names."""

    PUBLIC = "public"
    APPLICANT = "applicant"
    REPRESENTATIVE = "representative"
    REGISTRAR = "registrar"
    CASE_OFFICER = "case_officer"
    MEDIATOR = "mediator"
    BALLOT_OFFICER = "ballot_officer"
    SECRETARY = "secretary"
    AUTHORITY = "authority"
    OPERATOR = "operator"


TOKEN_ROLES = frozenset(Role) - {Role.PUBLIC, Role.APPLICANT, Role.REPRESENTATIVE}


class Scope(StrEnum):
    """What a mandate allows. ``all`` is the other three and the member's own affairs."""

    VOTE = "vote"
    CASES = "cases"
    CIRCULARS = "circulars"
    ALL = "all"


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """A person or machine as its issuer names it: the pair (``iss``, ``sub``) of a token."""

    issuer: str
    sub: str

    def __str__(self) -> str:
        return f"{self.issuer} {self.sub}"

    @classmethod
    def parse(cls, text: str) -> "Subject":
        """The inverse of ``str``; an issuer has no space in it."""
        issuer, _, sub = text.partition(" ")
        return cls(issuer, sub)


@dataclass(frozen=True, slots=True)
class Actor:
    """The caller of one request: nobody (the public), or a subject with organ roles or a member acted for.

    A token with an organ role acts for no member.
    """

    subject: Subject | None = None
    roles: frozenset[Role] = frozenset()
    member_id: str | None = None

    @property
    def is_signed_in(self) -> bool:
        """Whether the caller showed a good token."""
        return self.subject is not None

    def has(self, *roles: Role) -> bool:
        """Whether the token names one of ``roles``."""
        return not self.roles.isdisjoint(roles)


PUBLIC = Actor()
