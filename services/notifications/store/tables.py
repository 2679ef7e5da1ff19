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
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from services.notifications.domain.attempt import AttemptOutcome
from services.notifications.domain.circular import CircularCategory
from services.notifications.domain.endpoint import Check, DisabledReason
from services.notifications.domain.lifecycle import CircularStatus, DeliveryStatus, EndpointStatus
from services.notifications.domain.message import WebhookType
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
    Column("occasion", String(120), nullable=False, server_default=""),
    Column("category", EnumText(NoticeCategory), nullable=False),
    Column("mandatory", Boolean, nullable=False),
    Column("number", String(20), unique=True),
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
Index(
    "uq_notices_kind_about_occasion",
    notices.c.kind,
    notices.c.about_id,
    notices.c.occasion,
    unique=True,
)
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

webhook_endpoints = Table(
    "webhook_endpoints",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("member_id", IdText, nullable=False, index=True),
    Column("url", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("event_types", ARRAY(String(120)), nullable=False),
    Column("status", EnumText(EndpointStatus), nullable=False),
    Column("version", Integer, nullable=False),
    Column("challenge", String(64)),
    Column("ownership_check", EnumText(Check)),
    Column("verified_at", Instant),
    Column("entitled_since", Instant),
    Column("disabled_reason", EnumText(DisabledReason)),
    Column("created_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint("(status = 'active') <= (verified_at IS NOT NULL)", name="active_is_verified"),
    CheckConstraint(
        "(verified_at IS NOT NULL) <= (entitled_since IS NOT NULL)", name="verified_is_entitled"
    ),
    CheckConstraint(
        "(status = 'disabled') = (disabled_reason IS NOT NULL)", name="disabled_has_reason"
    ),
    CheckConstraint("(challenge IS NULL) = (ownership_check IS NULL)", name="challenge_is_checked"),
)

webhook_secrets = Table(
    "webhook_secrets",
    metadata,
    Column(
        "endpoint_id",
        IdText,
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("place", Integer, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    Column("until", Instant),
    comment="Sealed secrets, the current one at place 0; a former one signs along until its instant (machine time)",
)

webhook_messages = Table(
    "webhook_messages",
    metadata,
    Column("id", IdText, primary_key=True),
    Column("type", String(120), nullable=False),
    Column("data", JSON, nullable=False),
    Column("link", String(200), nullable=False),
    Column("is_test", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("notice_id", IdText, ForeignKey("notices.id"), unique=True),
    Column("member_id", IdText),
    Column("endpoint_id", IdText),
    Column("expanded_to", IdText),
    Column("is_expanded", Boolean, nullable=False, server_default="false"),
    CheckConstraint(
        "num_nonnulls(notice_id, member_id, endpoint_id) = 1", name="one_kind_of_addressee"
    ),
    comment="One row for all endpoints; deliveries are made of it endpoint by endpoint, in their order",
)
Index(
    "ix_webhook_messages_to_expand",
    webhook_messages.c.id,
    postgresql_where=~webhook_messages.c.is_expanded,
)

Index(
    "ix_webhook_messages_checks",
    webhook_messages.c.data.op("->>")("member_id"),
    webhook_messages.c.created_at,
    postgresql_where=webhook_messages.c.type == WebhookType.VERIFICATION_REQUESTED.value,
)

webhook_deliveries = Table(
    "webhook_deliveries",
    metadata,
    Column("id", IdText, primary_key=True),
    Column(
        "endpoint_id",
        IdText,
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE"),
        nullable=False,
    ),
    Column("message_id", IdText, ForeignKey("webhook_messages.id"), nullable=False),
    Column("status", EnumText(DeliveryStatus), nullable=False),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("next_attempt_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("settled_at", Instant),
    CheckConstraint("(status = 'pending') = (next_attempt_at IS NOT NULL)", name="pending_is_due"),
    UniqueConstraint("message_id", "endpoint_id"),
    comment="Instants of attempts are machine time",
)
Index(
    "ix_webhook_deliveries_pending",
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.next_attempt_at,
    postgresql_where=webhook_deliveries.c.status == DeliveryStatus.PENDING,
)
Index(
    "ix_webhook_deliveries_endpoint_id_id",
    webhook_deliveries.c.endpoint_id,
    webhook_deliveries.c.id,
)

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    Column(
        "delivery_id",
        IdText,
        ForeignKey("webhook_deliveries.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("number", Integer, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("duration_ms", Integer, nullable=False),
    Column("outcome", EnumText(AttemptOutcome), nullable=False),
    Column("target_url", Text),
    Column("status_code", Integer),
    Column("excerpt", LargeBinary),
    comment="What came of each request; the excerpt of the answer is sealed",
)

webhook_queues = Table(
    "webhook_queues",
    metadata,
    Column(
        "endpoint_id",
        IdText,
        ForeignKey("webhook_endpoints.id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("due_at", Instant),
    Column("held_until", Instant),
    Column("is_slow", Boolean, nullable=False, server_default="false"),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("running", ARRAY(String(64)), nullable=False, server_default=text("'{}'")),
    Column("numbers", ARRAY(Integer), nullable=False, server_default=text("'{}'")),
    comment="When an endpoint's deliveries may be taken next; while one process has them, when its lease ends;"
    " not before its receiver asked for",
)
Index(
    "ix_webhook_queues_due",
    webhook_queues.c.is_slow,
    webhook_queues.c.due_at,
    postgresql_where=webhook_queues.c.due_at.is_not(None),
)
