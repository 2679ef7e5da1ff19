"""The tables of notifications. What the database can hold as a constraint, it holds."""

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
    String,
    Table,
    Text,
)

from services.notifications.domain.circular import CircularCategory
from services.notifications.domain.lifecycle import CircularStatus
from services.notifications.domain.notice import AudienceKind, NoticeCategory, NoticeKind
from services.notifications.domain.numbering import NumberClass
from shared.db.base import EnumText, IdText, Instant, SubjectText, new_metadata

metadata = new_metadata()

numbers = Table(
    "numbers",
    metadata,
    Column("number_class", EnumText(NumberClass), primary_key=True),
    Column("year", Integer, primary_key=True),
    Column("last", Integer, nullable=False),
    comment="The last number given in each class and civil year; its row is locked by whoever gives the next",
)

circulars = Table(
    "circulars",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("status", EnumText(CircularStatus), nullable=False),
    Column("version", Integer, nullable=False),
    Column("category", EnumText(CircularCategory), nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text),
    Column("body_zh", Text, nullable=False),
    Column("body_en", Text),
    Column("audience", EnumText(AudienceKind), nullable=False),
    Column("sector", String(40)),
    Column("member_ids", ARRAY(String(64)), nullable=False),
    Column("acknowledgement_required", Boolean, nullable=False),
    Column("issue_at", Instant),
    Column("scheduling_refused", String(80)),
    Column("ordered_by", SubjectText),
    Column("number", String(20), unique=True),
    Column("issued_at", Instant),
    Column("register_version", Integer),
    Column("corrects", IdText, ForeignKey("circulars.id")),
    Column("corrects_number", String(20)),
    Column("correction_id", IdText),
    Column("corrected_by", IdText),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("(audience = 'sector') = (sector IS NOT NULL)", name="sector_named"),
    CheckConstraint("(audience = 'members') = (member_ids <> '{}')", name="members_named"),
    CheckConstraint("(status = 'issued') = (number IS NOT NULL)", name="issued_has_number"),
    CheckConstraint("(status = 'scheduled') = (issue_at IS NOT NULL)", name="scheduled_has_time"),
)
Index(
    "uq_circulars_correction",
    circulars.c.corrects,
    unique=True,
    postgresql_where=circulars.c.status != CircularStatus.DISCARDED,
)
Index(
    "ix_circulars_scheduled",
    circulars.c.issue_at,
    postgresql_where=circulars.c.status == CircularStatus.SCHEDULED,
)

notices = Table(
    "notices",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("kind", EnumText(NoticeKind), nullable=False),
    Column("about_id", IdText, nullable=False),
    Column("category", EnumText(NoticeCategory), nullable=False),
    Column("mandatory", Boolean, nullable=False),
    Column("number", String(20), nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("title_en", Text),
    Column("body_zh", Text, nullable=False),
    Column("body_en", Text),
    Column("link", String(200), nullable=False),
    Column("audience", EnumText(AudienceKind), nullable=False),
    Column("sector", String(40)),
    Column("register_version", Integer, nullable=False),
    Column("register_head", String(64), nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("acknowledge_by", Date),
    Column("acknowledge_basis", JSON(none_as_null=True)),
    CheckConstraint("(audience = 'sector') = (sector IS NOT NULL)", name="sector_named"),
    CheckConstraint(
        "(acknowledge_by IS NULL) = (acknowledge_basis IS NULL)", name="deadline_has_basis"
    ),
    comment="One row a circular or announcement, shared by all addressees",
)
Index("uq_notices_kind_about", notices.c.kind, notices.c.about_id, unique=True)
Index("ix_notices_issued_at_id", notices.c.issued_at, notices.c.id)
Index("ix_notices_register_version", notices.c.register_version)

notice_addressees = Table(
    "notice_addressees",
    metadata,
    Column("member_id", IdText, primary_key=True),
    Column("notice_id", IdText, ForeignKey("notices.id"), primary_key=True, index=True),
    comment="The members that a notice names; a notice to all or to a sector names none",
)

notice_readings = Table(
    "notice_readings",
    metadata,
    Column("notice_id", IdText, ForeignKey("notices.id"), primary_key=True),
    Column("member_id", IdText, primary_key=True),
    Column("read_at", Instant),
    Column("read_by", SubjectText),
    Column("acknowledged_at", Instant),
    Column("acknowledged_by", SubjectText),
    comment="Written by reading and acknowledging only",
)
