"""The tables of the text: versions, imports, corrections, divergences, interpretations, the founding."""

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
    text,
)

from services.amendments.domain.lifecycle import FoundingStatus, InterpretationStatus
from shared.db.base import EnumText, IdText, Instant, SubjectText, new_metadata

metadata = new_metadata()

convention = Table(
    "convention",
    metadata,
    Column("only", Boolean, primary_key=True, server_default=text("true")),
    Column("id", IdText, nullable=False),
    Column("rulebook_id", IdText, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint('"only"', name="one_row"),
    comment="The one convention: its row is locked by whoever gives a number or publishes a version",
)

versions = Table(
    "versions",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", JSON, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("rulebook_version", Integer, nullable=False),
    Column("valid_on", Date),
    Column("in_force_on", Date),
    Column("promulgated_at", Instant),
    Column("source", String(64), nullable=False),
    Column("applies_from", JSON, nullable=False),
    Column("created_at", Instant, nullable=False),
    CheckConstraint("number >= 1", name="counted_from_one"),
    comment="The text as promulgated; corrections made since stand in their own table",
)

text_imports = Table(
    "text_imports",
    metadata,
    Column("version", Integer, ForeignKey("versions.number"), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("left_out", JSON, nullable=False),
    Column("imported_by", SubjectText, nullable=False),
    Column("imported_at", Instant, nullable=False),
)

corrections = Table(
    "corrections",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, ForeignKey("versions.number"), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("provision_id", String(20), nullable=False),
    Column("language", String(2), nullable=False),
    Column("before", Text),
    Column("after", Text, nullable=False),
    Column("reasons", Text, nullable=False),
    Column("corrected_by", SubjectText, nullable=False),
    Column("corrected_at", Instant, nullable=False),
    CheckConstraint("kind IN ('translation', 'corrigendum')", name="kind_known"),
    CheckConstraint("(kind = 'corrigendum') = (language = 'zh')", name="kind_of_language"),
    comment="One act may mend several versions: those in force or to come that have the same wording",
)

divergences = Table(
    "divergences",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("provision_id", String(20), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("zh", Text),
    Column("en", Text),
    Column("note_zh", Text, nullable=False),
    Column("note_en", Text),
    Column("found_by", SubjectText),
    Column("version", Integer, ForeignKey("versions.number"), nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("settled_by", String(20)),
    Column("settled_at", Instant),
    CheckConstraint("kind IN ('not_translated', 'differs')", name="kind_known"),
    comment="found_by null: by the text itself; settled_by: the correction or version that removed it",
)

interpretations = Table(
    "interpretations",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("id", IdText, nullable=False, unique=True),
    Column("status", EnumText(InterpretationStatus), nullable=False),
    Column("provision_id", String(20), nullable=False),
    Column("convention_version", Integer, ForeignKey("versions.number"), nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("text_en", Text),
    Column("reasons_zh", Text, nullable=False),
    Column("reasons_en", Text),
    Column("effective_on", Date, nullable=False),
    Column("in_own_case", Boolean, nullable=False),
    Column("issued_by", SubjectText, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("stale_since", Integer, ForeignKey("versions.number")),
    Column("supersedes", IdText),
    Column("superseded_by", IdText),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint(
        "(status = 'superseded') = (superseded_by IS NOT NULL)", name="superseded_whole"
    ),
)
Index("ix_interpretations_provision", interpretations.c.provision_id, interpretations.c.number)

foundings = Table(
    "foundings",
    metadata,
    Column("only", Boolean, primary_key=True, server_default=text("true")),
    Column("status", EnumText(FoundingStatus), nullable=False),
    Column("text_digest", String(64), nullable=False),
    Column("named_at", Instant, nullable=False),
    Column("valid_at", Instant),
    Column("valid_on", Date),
    Column("publish_by", Date),
    Column("publish_rule", JSON),
    Column("published_at", Instant),
    Column("published_on", Date),
    Column("remind_on", ARRAY(Date), nullable=False, server_default="{}"),
    Column("version", Integer, nullable=False),
    Column("updated_at", Instant, nullable=False),
    CheckConstraint('"only"', name="one_row"),
)

initiating_units = Table(
    "initiating_units",
    metadata,
    Column("identifier", String(18), primary_key=True),
    Column("place", Integer, nullable=False, unique=True),
    Column("particulars", JSON, nullable=False),
    Column("legal_representative", SubjectText, nullable=False),
    Column("entrusted", SubjectText),
    Column("signed_by", SubjectText),
    Column("signed_at", Instant),
    CheckConstraint("(signed_by IS NULL) = (signed_at IS NULL)", name="signed_whole"),
)
