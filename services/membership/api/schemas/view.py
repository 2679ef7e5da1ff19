"""What every view is made of."""

from pydantic import BaseModel, ConfigDict

from shared.kernel.actor import Subject

URL = "https://gongyue.example/v1"
MEMBER_ID = "mem_019a0c5f3b7e7c4d8a21f0e5d6c7b8a9"
PERIOD_ID = "per_019a0c5f3b7e7c4d8a21f0e5d6c7b8aa"
APPLICATION_ID = "app_019a0c5e11f07a3c9b42d1c3e4f5a6b7"
REPRESENTATIVE_ID = "rep_019a0c5f3b7e7c4d8a21f0e5d6c7b8ab"
SUBJECT = {"issuer": "https://issuer.example", "sub": "zhang.lei"}
LONG_AGO = "2026-03-10T04:00:00Z"
HEAD = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"


class View(BaseModel):
    """The base of all views: what is documented and nothing else."""

    model_config = ConfigDict(extra="forbid")


class SubjectOut(View):
    """A person or machine as its issuer names it."""

    issuer: str
    sub: str

    @classmethod
    def of(cls, subject: Subject) -> "SubjectOut":
        """The view of ``subject``."""
        return cls(issuer=subject.issuer, sub=subject.sub)


class BasisOut(View):
    """Which entry of which rulebook a computed number comes from."""

    rule: str
    article: str
    rulebook_version: int
