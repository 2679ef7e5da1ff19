"""The tables of amendments. What the database can hold as a constraint, it holds."""

from sqlalchemy import (
    ARRAY,
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    and_,
)

from services.amendments.domain.ballot import WaitingFor
from services.amendments.domain.lifecycle import (
    AnnexStatus,
    BallotStatus,
    ProposalStatus,
    SupportStatus,
)
from services.amendments.domain.proposal import ProposerKind
from services.amendments.domain.subject import BallotOutcome, SubjectKind
from services.amendments.domain.support import LapseReason
from services.amendments.domain.vote import Choice
from services.amendments.store.text_tables import metadata
from shared.db.base import EnumText, IdText, Instant, SubjectText

__all__ = ["metadata"]

# Proposals, supports, promulgations

proposals = Table(
    "proposals",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("status", EnumText(ProposalStatus), nullable=False),
    Column("version", Integer, nullable=False),
    Column("proposer", EnumText(ProposerKind), nullable=False),
    Column("proposed_by", SubjectText, nullable=False),
    Column("first_supporter", IdText),
    Column("authors", ARRAY(Text), nullable=False),
    Column("base_version", Integer, ForeignKey("versions.number"), nullable=False),
    Column("initiative", JSON, nullable=False),
    Column("draft", JSON, nullable=False),
    Column("draft_digest", String(64), nullable=False),
    Column("changes_digest", String(64), nullable=False, index=True),
    Column("touched", ARRAY(String(80)), nullable=False),
    Column("corrections", JSON, nullable=False),
    Column("lapse", JSON(none_as_null=True)),
    Column("lapses_at", Instant),
    Column("tested_version", Integer, nullable=False),
    Column("latch", JSON(none_as_null=True)),
    Column("repeats", IdText),
    Column("ballot_id", IdText),
    Column("was_in_ballot", Boolean, nullable=False, server_default="false"),
    Column("decided_at", Instant),
    Column("promulgation_due", JSON(none_as_null=True)),
    Column("overdue_at", Instant),
    Column("remind_on", ARRAY(Date), nullable=False, server_default="{}"),
    Column("overdue_since", Instant),
    Column("promulgated_version", Integer, ForeignKey("versions.number")),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint(
        "(proposer = 'coalition') = (first_supporter IS NOT NULL)", name="signed_first"
    ),
    CheckConstraint(
        "proposer = 'organ' OR latch IS NOT NULL OR status IN ('gathering', 'retracted', 'lapsed')",
        name="admitted_by_enough",
    ),
    CheckConstraint("status <> 'gathering' OR lapses_at IS NOT NULL", name="gathers_for_a_term"),
    CheckConstraint(
        "(status = 'promulgated') = (promulgated_version IS NOT NULL)", name="promulgated_as"
    ),
    comment="tested_version: up to which register version the initiative's ratio was tested",
)
Index(
    "ix_proposals_gathering",
    proposals.c.lapses_at,
    postgresql_where=proposals.c.status == ProposalStatus.GATHERING,
)
Index("ix_proposals_created", proposals.c.created_at, proposals.c.id)

supports = Table(
    "supports",
    metadata,
    Column("proposal_id", IdText, ForeignKey("proposals.id"), primary_key=True),
    Column("member_id", IdText, primary_key=True),
    Column("status", EnumText(SupportStatus), nullable=False),
    Column("draft_digest", String(64), nullable=False),
    Column("member_since", Integer, nullable=False),
    Column("supported_by", SubjectText, nullable=False),
    Column("since", Instant, nullable=False),
    Column("supported_at", Instant, nullable=False),
    Column("lapse_reason", EnumText(LapseReason)),
    Column("ended_at", Instant),
    Column("withdraws_at", Instant),
    CheckConstraint("(status = 'lapsed') = (lapse_reason IS NOT NULL)", name="lapsed_why"),
    CheckConstraint("(status = 'active') = (ended_at IS NULL)", name="ended_when"),
    comment="member_since: the register version that opened the membership the support rests on",
)

promulgations = Table(
    "promulgations",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("proposal_id", IdText, ForeignKey("proposals.id"), nullable=False, unique=True),
    Column(
        "convention_version", Integer, ForeignKey("versions.number"), nullable=False, unique=True
    ),
    Column("valid_on", Date, nullable=False),
    Column("in_force_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("due_basis", JSON, nullable=False),
    Column("is_late", Boolean, nullable=False),
    Column("proposed_by", SubjectText, nullable=False),
    Column("promulgated_by", SubjectText, nullable=False),
    Column("promulgated_at", Instant, nullable=False),
    CheckConstraint("promulgated_by <> proposed_by", name="four_eyes"),
)


# Ballots and votes

ballots = Table(
    "ballots",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("status", EnumText(BallotStatus), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", EnumText(SubjectKind), nullable=False),
    Column("subject_id", IdText, nullable=False, index=True),
    Column("title", JSON, nullable=False),
    Column("draft_digest", String(64), nullable=False),
    Column("base_version", Integer, nullable=False),
    Column("proposers", ARRAY(Text), nullable=False),
    Column("rule", JSON, nullable=False),
    Column("timing", JSON, nullable=False),
    Column("called_at", Instant, nullable=False),
    Column("called_by", SubjectText, nullable=False),
    Column("notice_ends_at", Instant, nullable=False),
    Column("waiting_for", EnumText(WaitingFor)),
    Column("opened_at", Instant),
    Column("closes_at", Instant),
    Column("remind_at", Instant),
    Column("extensions", JSON, nullable=False),
    Column("opening", JSON(none_as_null=True)),
    Column("closing", JSON(none_as_null=True)),
    Column("result", JSON(none_as_null=True)),
    Column("determination", JSON(none_as_null=True)),
    Column("outcome", EnumText(BallotOutcome)),
    Column("cancelled_because", Text),
    Column("asked_at", Instant),
    Column("rebuilt_at", Instant),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("called_by <> ALL (proposers)", name="four_eyes"),
    CheckConstraint("(status = 'established') = (result IS NOT NULL)", name="established_whole"),
    CheckConstraint("(opened_at IS NULL) = (closes_at IS NULL)", name="opened_closes"),
    comment="asked_at, rebuilt_at: machine time of the last request for a roll, and of the roster's last rebuilding",
)
Index(
    "uq_ballots_live",
    ballots.c.subject_id,
    unique=True,
    postgresql_where=ballots.c.status.in_(
        [BallotStatus.CALLED, BallotStatus.AWAITING_ROLL, BallotStatus.OPEN, BallotStatus.CLOSED]
    ),
)
Index("ix_ballots_called", ballots.c.called_at, ballots.c.id)

ballot_certificates = Table(
    "ballot_certificates",
    metadata,
    Column("ballot_id", IdText, ForeignKey("ballots.id"), primary_key=True),
    Column("facts", JSON, nullable=False),
    Column("confidential", JSON, nullable=False),
    Column("seal", LargeBinary, nullable=False),
    comment="What each result rests on beside the votes, written once",
)

vote_chains = Table(
    "vote_chains",
    metadata,
    Column("ballot_id", IdText, ForeignKey("ballots.id"), primary_key=True),
    Column("sequence", Integer, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("acted_at", Instant),
    Column("swept_version", Integer, nullable=False),
    comment="One row a ballot, from its call on; locked by whoever votes, opens, closes, extends or cancels: the votes of a ballot are one after another",
)

ballot_electors = Table(
    "ballot_electors",
    metadata,
    Column("ballot_id", IdText, ForeignKey("ballots.id"), primary_key=True),
    Column("member_id", IdText, primary_key=True),
    Column("period_id", IdText, nullable=False),
    Column("cancellation_noted", Boolean, nullable=False, server_default="false"),
    comment="The opening roll, one row a unit, never changed",
)

votes = Table(
    "votes",
    metadata,
    Column("ballot_id", IdText, primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("member_id", IdText, nullable=False),
    Column("choice", EnumText(Choice), nullable=False),
    Column("acted_at", Instant, nullable=False),
    Column("mandate_id", IdText, nullable=False),
    Column("acted_by", SubjectText, nullable=False),
    Column("salt", LargeBinary, nullable=False),
    Column("leaf", LargeBinary, nullable=False),
    Column("head", LargeBinary, nullable=False),
    Column("stands", Boolean, nullable=False),
    Column("is_void", Boolean, nullable=False, server_default="false"),
    CheckConstraint("NOT (stands AND is_void)", name="void_does_not_stand"),
    comment="Every vote ever taken; stands: the unit's last valid one",
)
Index(
    "uq_votes_standing",
    votes.c.member_id,
    votes.c.ballot_id,
    unique=True,
    postgresql_where=votes.c.stands,
)
Index("ix_votes_unit", votes.c.member_id, votes.c.ballot_id, votes.c.sequence)
Index(
    "ix_votes_counted",
    votes.c.ballot_id,
    votes.c.choice,
    postgresql_where=and_(votes.c.stands, ~votes.c.is_void),
)

ended_mandates = Table(
    "ended_mandates",
    metadata,
    Column("ballot_id", IdText, ForeignKey("ballots.id"), primary_key=True),
    Column("mandate_id", IdText, primary_key=True),
    Column("member_id", IdText, nullable=False),
    Column("ended_at", Instant, nullable=False),
    comment="Mandates under which votes were cast after they had ended: those votes are void",
)

announced_endings = Table(
    "announced_endings",
    metadata,
    Column("member_id", IdText, primary_key=True),
    Column("ending", String(40), primary_key=True),
    Column("effective_at", Instant, primary_key=True),
    Column("day_ends_at", Instant, nullable=False),
    comment="Endings of memberships by notice, each announced for the beginning of a day",
)


# Annexes and who adheres to them

annexes = Table(
    "annexes",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("status", EnumText(AnnexStatus), nullable=False),
    Column("version", Integer, nullable=False),
    Column("number", Integer, unique=True),
    Column("sector", String(40), nullable=False),
    Column("parent", String(40), nullable=False),
    Column("text", JSON, nullable=False),
    Column("profile", JSON, nullable=False),
    Column("drafted_by", SubjectText, nullable=False),
    Column("drafter", IdText, nullable=False),
    Column("authors", ARRAY(Text), nullable=False),
    Column("text_version", Integer, nullable=False),
    Column("highest", Integer, nullable=False),
    Column("ballot_id", IdText),
    Column("was_in_ballot", Boolean, nullable=False, server_default="false"),
    Column("adopted_at", Instant),
    Column("trial_until", Date),
    Column("trial_ended_at", Instant),
    Column("amendment", JSON(none_as_null=True)),
    Column("tested_version", Integer, nullable=False, server_default="0"),
    Column("conflicts", JSON, nullable=False),
    Column("ends_on", Date),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("(number IS NULL) = (adopted_at IS NULL)", name="numbered_when_adopted"),
    CheckConstraint("status <> 'in_force' OR number IS NOT NULL", name="in_force_has_number"),
)

annex_texts = Table(
    "annex_texts",
    metadata,
    Column("annex_id", IdText, ForeignKey("annexes.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", JSON, nullable=False),
    Column("consents", Integer),
    Column("of", Integer),
    Column("register_version", Integer),
    Column("adherents_digest", String(64)),
    Column("valid_at", Instant, nullable=False),
    comment="Every text an annex ever had; consents of adherents at a register version, null for the first, which the members consented to",
)

adherences = Table(
    "adherences",
    metadata,
    Column("annex_id", IdText, ForeignKey("annexes.id"), primary_key=True),
    Column("member_id", IdText, primary_key=True, index=True),
    Column("member_since", Integer, nullable=False),
    Column("signed_by", SubjectText, nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("left_at", Instant),
    Column("is_void", Boolean, nullable=False, server_default="false"),
    comment="member_since: the register version that opened the membership the signature rests on",
)

annex_consents = Table(
    "annex_consents",
    metadata,
    Column("annex_id", IdText, ForeignKey("annexes.id"), primary_key=True),
    Column("digest", String(64), primary_key=True),
    Column("member_id", IdText, primary_key=True, index=True),
    Column("member_since", Integer, nullable=False),
    Column("consented_by", SubjectText, nullable=False),
    Column("consented_at", Instant, nullable=False),
    Column("is_void", Boolean, nullable=False, server_default="false"),
)
