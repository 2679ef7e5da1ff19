"""Membership's own tables. What the database can hold as a constraint, it holds."""

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
    text,
)

from services.membership.domain.lifecycle import ApplicationStatus
from services.membership.domain.mandate import MandateKind
from services.membership.domain.period import AccessionBasis, Ending, EndingOutcome
from shared.db.base import EnumText, IdText, Instant, SubjectText, new_metadata
from shared.kernel.chain import EMPTY_HEAD

metadata = new_metadata()

live_entities = Table(
    "live_entities",
    metadata,
    Column("identifier", String(18), primary_key=True),
    Column("holder_id", IdText, nullable=False),
    comment="One live application or membership per legal entity (M1)",
)

applications = Table(
    "applications",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("status", EnumText(ApplicationStatus), nullable=False),
    Column("applicant", SubjectText, nullable=False),
    Column("identifier", String(18), nullable=False),
    Column("particulars", JSON, nullable=False),
    Column("legal_representative_subject", SubjectText, nullable=False),
    Column("accepts_rules", Boolean, nullable=False),
    Column("entrusted", JSON, nullable=False),
    Column("member_id", IdText),
    Column("cancellation_deciders", ARRAY(Text), nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("review_due_on", Date, nullable=False),
    Column("review_rule", JSON, nullable=False),
    Column("missing", JSON, nullable=False),
    Column("ground", String(40)),
    Column("reasons", Text),
    Column("decided_at", Instant),
    Column("decided_by", SubjectText),
    Column("signed_at", Instant),
    Column("signed_by", SubjectText),
    Column("retracted_at", Instant),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
Index("ix_applications_applicant_id", applications.c.applicant, applications.c.id)
Index("ix_applications_status_id", applications.c.status, applications.c.id)

members = Table(
    "members",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("identifier", String(18), nullable=False, unique=True),
    Column("due_at", Instant),
    Column("version", Integer, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
)
Index("ix_members_due_at", members.c.due_at, postgresql_where=members.c.due_at.is_not(None))

endings = Table(
    "endings",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("member_id", IdText, ForeignKey("members.id"), nullable=False, index=True),
    Column("kind", EnumText(Ending), nullable=False),
    Column("effective_at", Instant, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("announced_at", Instant, nullable=False),
    Column("case_id", IdText),
    Column("decision_number", String(80)),
    Column("deciders", ARRAY(Text), nullable=False),
    Column("successor_id", IdText, ForeignKey("members.id")),
    Column("dissolved_on", Date),
    Column("evidence", Text),
    Column("outcome", EnumText(EndingOutcome)),
    Column("settled_at", Instant),
    Column("ended_by", EnumText(Ending)),
    Column("ended_on", Date),
    CheckConstraint("(kind = 'merged') = (successor_id IS NOT NULL)", name="merged_into_one"),
    comment="Announced endings: outcome null while pending or in effect, else why it does not stand",
)
Index(
    "ix_endings_successor_id",
    endings.c.successor_id,
    postgresql_where=endings.c.successor_id.is_not(None),
)

periods = Table(
    "periods",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("member_id", IdText, ForeignKey("members.id"), nullable=False, index=True),
    Column("opened_on", Date, nullable=False),
    Column("opened_at", Instant, nullable=False),
    Column("opened_version", Integer, nullable=False),
    Column("basis", EnumText(AccessionBasis), nullable=False),
    Column("application_id", IdText),
    Column("ending_id", IdText, ForeignKey("endings.id")),
    Column("ended_on", Date),
    Column("ended_at", Instant),
    Column("ended_version", Integer),
    CheckConstraint("(ending_id IS NULL) = (ended_on IS NULL)", name="ended_whole"),
    CheckConstraint("ended_on >= opened_on", name="ends_after_it_opens"),
)
Index("ix_periods_days", periods.c.opened_on, periods.c.ended_on)
Index(
    "uq_periods_running",
    periods.c.member_id,
    unique=True,
    postgresql_where=periods.c.ending_id.is_(None),
)

particulars = Table(
    "particulars",
    metadata,
    Column("member_id", IdText, ForeignKey("members.id"), primary_key=True),
    Column("entered_version", Integer, primary_key=True),
    Column("valid_from", Date, nullable=False),
    Column("valid_until", Date),
    Column("legal_name_zh", Text, nullable=False),
    Column("legal_name_en", Text, nullable=False),
    Column("sectors", ARRAY(String(40)), nullable=False),
    Column("legal_representative", Text, nullable=False),
    Column("contact_email", Text, nullable=False),
    Column("contact_phone", Text),
    Column("group", Text),
    Column("unreachable", Boolean, nullable=False),
    comment="valid_until: the day from which a later row holds; null while it is the latest",
)

mandates = Table(
    "mandates",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("member_id", IdText, ForeignKey("members.id"), nullable=False),
    Column("period_id", IdText, ForeignKey("periods.id"), nullable=False),
    Column("kind", EnumText(MandateKind), nullable=False),
    Column("subject", SubjectText, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", ARRAY(String(20)), nullable=False),
    Column("valid_from", Instant, nullable=False),
    Column("valid_until", Instant),
    Column("removed_at", Instant),
)
Index("ix_mandates_member_subject", mandates.c.member_id, mandates.c.subject)

claim_codes = Table(
    "claim_codes",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("member_id", IdText, ForeignKey("members.id"), nullable=False, index=True),
    Column("digest", String(64), nullable=False, unique=True),
    Column("issued_by", SubjectText, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("superseded_at", Instant),
)

register_head = Table(
    "register_head",
    metadata,
    Column("only", Boolean, primary_key=True, server_default=text("true")),
    Column("version", Integer, nullable=False, server_default="0"),
    Column("head", String(64), nullable=False, server_default=EMPTY_HEAD),
    CheckConstraint('"only"', name="one_row"),
)

register_changes = Table(
    "register_changes",
    metadata,
    Column("version", Integer, primary_key=True),
    Column("head", String(64), nullable=False),
    Column("event_id", IdText, nullable=False, unique=True),
    Column("aggregate_id", IdText, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("type", String(120), nullable=False),
    Column("body", Text, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("effective_on", Date, nullable=False),
    Column("counts_from", Instant, nullable=False),
    comment="Every change of the register, whole, with the chain head: kept for ever, the source of replays",
)
Index("ix_register_changes_aggregate", register_changes.c.aggregate_id, register_changes.c.sequence)
Index("ix_register_changes_counts_from", register_changes.c.counts_from)
Index(
    "ix_register_changes_movements",
    register_changes.c.aggregate_id,
    register_changes.c.version,
    postgresql_where=register_changes.c.type.in_(
        ["membership.member.acceded.v1", "membership.member.ended.v1"]
    ),
)

bulletins = Table(
    "bulletins",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", IdText, nullable=False, unique=True),
    Column("erratum_of", Integer, ForeignKey("bulletins.number")),
    Column("from_day", Date, nullable=False),
    Column("to_day", Date, nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("register_version", Integer, nullable=False),
    Column("register_head", String(64), nullable=False),
    Column("content", JSON, nullable=False),
)
Index(
    "uq_bulletins_period",
    bulletins.c.from_day,
    unique=True,
    postgresql_where=bulletins.c.erratum_of.is_(None),
)

rolls = Table(
    "rolls",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("ballot_id", IdText, nullable=False),
    Column("purpose", String(10), nullable=False),
    Column("instant", Instant, nullable=False),
    Column("register_version", Integer, nullable=False),
    Column("register_head", String(64), nullable=False),
    Column("count", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("certified_at", Instant, nullable=False),
)
Index("uq_rolls_ballot_purpose", rolls.c.ballot_id, rolls.c.purpose, unique=True)

imports = Table(
    "imports",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("status", String(12), nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("media_type", String(80), nullable=False, server_default="text/csv"),
    Column("file", LargeBinary),
    Column("requested_by", SubjectText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("rows_total", Integer),
    Column("rows_checked", Integer, nullable=False, server_default="0"),
    Column("rows_accepted", Integer, nullable=False, server_default="0"),
    Column("rows_refused", Integer, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint(
        "status IN ('queued', 'checking', 'refused', 'checked', 'done', 'failed')",
        name="status_known",
    ),
)
Index("ix_imports_status_id", imports.c.status, imports.c.id)

import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", IdText, ForeignKey("imports.id"), primary_key=True),
    Column("line", Integer, primary_key=True),
    Column("problems", ARRAY(Text), nullable=False),
    Column("member_id", IdText),
)
