"""Proposals and their supports, ballots and votes, promulgations, annexes, announced endings."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

ID = sa.String(64, collation="C")
INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "annexes",
        sa.Column("id", ID, nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("number", sa.Integer),
        sa.Column("sector", sa.String(40), nullable=False),
        sa.Column("parent", sa.String(40), nullable=False),
        sa.Column("text", sa.JSON, nullable=False),
        sa.Column("profile", sa.JSON, nullable=False),
        sa.Column("drafted_by", sa.Text, nullable=False),
        sa.Column("drafter", ID, nullable=False),
        sa.Column("authors", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("text_version", sa.Integer, nullable=False),
        sa.Column("highest", sa.Integer, nullable=False),
        sa.Column("ballot_id", ID),
        sa.Column("was_in_ballot", sa.Boolean, server_default="false", nullable=False),
        sa.Column("adopted_at", INSTANT),
        sa.Column("trial_until", sa.Date),
        sa.Column("trial_ended_at", INSTANT),
        sa.Column("amendment", sa.JSON(none_as_null=True)),
        sa.Column("tested_version", sa.Integer, server_default="0", nullable=False),
        sa.Column("conflicts", sa.JSON, nullable=False),
        sa.Column("ends_on", sa.Date),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "status <> 'in_force' OR number IS NOT NULL", name="ck_annexes_in_force_has_number"
        ),
        sa.CheckConstraint(
            "(number IS NULL) = (adopted_at IS NULL)", name="ck_annexes_numbered_when_adopted"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_annexes"),
        sa.UniqueConstraint("number", name="uq_annexes_number"),
    )
    op.create_table(
        "ballots",
        sa.Column("id", ID, nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_id", ID, nullable=False),
        sa.Column("title", sa.JSON, nullable=False),
        sa.Column("draft_digest", sa.String(64), nullable=False),
        sa.Column("base_version", sa.Integer, nullable=False),
        sa.Column("proposers", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("rule", sa.JSON, nullable=False),
        sa.Column("timing", sa.JSON, nullable=False),
        sa.Column("called_at", INSTANT, nullable=False),
        sa.Column("called_by", sa.Text, nullable=False),
        sa.Column("notice_ends_at", INSTANT, nullable=False),
        sa.Column("waiting_for", sa.String(40)),
        sa.Column("opened_at", INSTANT),
        sa.Column("closes_at", INSTANT),
        sa.Column("remind_at", INSTANT),
        sa.Column("extensions", sa.JSON, nullable=False),
        sa.Column("opening", sa.JSON(none_as_null=True)),
        sa.Column("closing", sa.JSON(none_as_null=True)),
        sa.Column("result", sa.JSON(none_as_null=True)),
        sa.Column("determination", sa.JSON(none_as_null=True)),
        sa.Column("outcome", sa.String(40)),
        sa.Column("cancelled_because", sa.Text),
        sa.Column("asked_at", INSTANT),
        sa.Column("rebuilt_at", INSTANT),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "(status = 'established') = (result IS NOT NULL)", name="ck_ballots_established_whole"
        ),
        sa.CheckConstraint(
            "(opened_at IS NULL) = (closes_at IS NULL)", name="ck_ballots_opened_closes"
        ),
        sa.CheckConstraint("called_by <> ALL (proposers)", name="ck_ballots_four_eyes"),
        sa.PrimaryKeyConstraint("id", name="pk_ballots"),
        comment="asked_at, rebuilt_at: machine time of the last request for a roll, and of the roster's last rebuilding",
    )
    op.create_index("ix_ballots_called", "ballots", ["called_at", "id"])
    op.create_index("ix_ballots_subject_id", "ballots", ["subject_id"])
    op.create_index(
        "uq_ballots_live",
        "ballots",
        ["subject_id"],
        unique=True,
        postgresql_where=sa.text("status IN ('called', 'awaiting_roll', 'open', 'closed')"),
    )
    op.create_table(
        "votes",
        sa.Column("ballot_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("choice", sa.String(40), nullable=False),
        sa.Column("acted_at", INSTANT, nullable=False),
        sa.Column("mandate_id", ID, nullable=False),
        sa.Column("acted_by", sa.Text, nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("leaf", sa.LargeBinary, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("stands", sa.Boolean, nullable=False),
        sa.Column("is_void", sa.Boolean, server_default="false", nullable=False),
        sa.CheckConstraint("NOT (stands AND is_void)", name="ck_votes_void_does_not_stand"),
        sa.PrimaryKeyConstraint("ballot_id", "sequence", name="pk_votes"),
        comment="Every vote ever taken; stands: the unit's last valid one",
    )
    op.create_index(
        "ix_votes_counted",
        "votes",
        ["ballot_id", "choice"],
        postgresql_where=sa.text("stands AND NOT is_void"),
    )
    op.create_index("ix_votes_unit", "votes", ["member_id", "ballot_id", "sequence"])
    op.create_index(
        "uq_votes_standing",
        "votes",
        ["member_id", "ballot_id"],
        unique=True,
        postgresql_where="stands",
    )
    op.create_table(
        "adherences",
        sa.Column("annex_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("member_since", sa.Integer, nullable=False),
        sa.Column("signed_by", sa.Text, nullable=False),
        sa.Column("signed_at", INSTANT, nullable=False),
        sa.Column("left_at", INSTANT),
        sa.Column("is_void", sa.Boolean, server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["annex_id"], ["annexes.id"], name="fk_adherences_annex_id"),
        sa.PrimaryKeyConstraint("annex_id", "member_id", name="pk_adherences"),
        comment="member_since: the register version that opened the membership the signature rests on",
    )
    op.create_index("ix_adherences_member_id", "adherences", ["member_id"])
    op.create_table(
        "annex_consents",
        sa.Column("annex_id", ID, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("member_since", sa.Integer, nullable=False),
        sa.Column("consented_by", sa.Text, nullable=False),
        sa.Column("consented_at", INSTANT, nullable=False),
        sa.Column("is_void", sa.Boolean, server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["annex_id"], ["annexes.id"], name="fk_annex_consents_annex_id"),
        sa.PrimaryKeyConstraint("annex_id", "digest", "member_id", name="pk_annex_consents"),
    )
    op.create_index("ix_annex_consents_member_id", "annex_consents", ["member_id"])
    op.create_table(
        "annex_texts",
        sa.Column("annex_id", ID, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("text", sa.JSON, nullable=False),
        sa.Column("consents", sa.Integer),
        sa.Column("of", sa.Integer),
        sa.Column("register_version", sa.Integer),
        sa.Column("adherents_digest", sa.String(64)),
        sa.Column("valid_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["annex_id"], ["annexes.id"], name="fk_annex_texts_annex_id"),
        sa.PrimaryKeyConstraint("annex_id", "number", name="pk_annex_texts"),
        comment="Every text an annex ever had; consents of adherents at a register version, null for the first, which the members consented to",
    )
    op.create_table(
        "ballot_certificates",
        sa.Column("ballot_id", ID, nullable=False),
        sa.Column("facts", sa.JSON, nullable=False),
        sa.Column("confidential", sa.JSON, nullable=False),
        sa.Column("seal", sa.LargeBinary, nullable=False),
        sa.ForeignKeyConstraint(
            ["ballot_id"], ["ballots.id"], name="fk_ballot_certificates_ballot_id"
        ),
        sa.PrimaryKeyConstraint("ballot_id", name="pk_ballot_certificates"),
        comment="What each result rests on beside the votes, written once",
    )
    op.create_table(
        "ballot_electors",
        sa.Column("ballot_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("period_id", ID, nullable=False),
        sa.Column("cancellation_noted", sa.Boolean, server_default="false", nullable=False),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballots.id"], name="fk_ballot_electors_ballot_id"),
        sa.PrimaryKeyConstraint("ballot_id", "member_id", name="pk_ballot_electors"),
        comment="The opening roll, one row a unit, never changed",
    )
    op.create_table(
        "ended_mandates",
        sa.Column("ballot_id", ID, nullable=False),
        sa.Column("mandate_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("ended_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballots.id"], name="fk_ended_mandates_ballot_id"),
        sa.PrimaryKeyConstraint("ballot_id", "mandate_id", name="pk_ended_mandates"),
        comment="Mandates under which votes were cast after they had ended: those votes are void",
    )
    op.create_table(
        "proposals",
        sa.Column("id", ID, nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("proposer", sa.String(40), nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("first_supporter", ID),
        sa.Column("authors", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("base_version", sa.Integer, nullable=False),
        sa.Column("initiative", sa.JSON, nullable=False),
        sa.Column("draft", sa.JSON, nullable=False),
        sa.Column("draft_digest", sa.String(64), nullable=False),
        sa.Column("changes_digest", sa.String(64), nullable=False),
        sa.Column("touched", sa.ARRAY(sa.String(80)), nullable=False),
        sa.Column("corrections", sa.JSON, nullable=False),
        sa.Column("lapse", sa.JSON(none_as_null=True)),
        sa.Column("lapses_at", INSTANT),
        sa.Column("tested_version", sa.Integer, nullable=False),
        sa.Column("latch", sa.JSON(none_as_null=True)),
        sa.Column("repeats", ID),
        sa.Column("ballot_id", ID),
        sa.Column("was_in_ballot", sa.Boolean, server_default="false", nullable=False),
        sa.Column("decided_at", INSTANT),
        sa.Column("promulgation_due", sa.JSON(none_as_null=True)),
        sa.Column("overdue_at", INSTANT),
        sa.Column("remind_on", sa.ARRAY(sa.Date), server_default="{}", nullable=False),
        sa.Column("overdue_since", INSTANT),
        sa.Column("promulgated_version", sa.Integer),
        sa.Column("created_at", INSTANT, nullable=False),
        sa.Column("updated_at", INSTANT, nullable=False),
        sa.CheckConstraint(
            "(proposer = 'coalition') = (first_supporter IS NOT NULL)",
            name="ck_proposals_signed_first",
        ),
        sa.CheckConstraint(
            "(status = 'promulgated') = (promulgated_version IS NOT NULL)",
            name="ck_proposals_promulgated_as",
        ),
        sa.CheckConstraint(
            "proposer = 'organ' OR latch IS NOT NULL OR status IN ('gathering', 'retracted', 'lapsed')",
            name="ck_proposals_admitted_by_enough",
        ),
        sa.CheckConstraint(
            "status <> 'gathering' OR lapses_at IS NOT NULL", name="ck_proposals_gathers_for_a_term"
        ),
        sa.ForeignKeyConstraint(
            ["base_version"], ["versions.number"], name="fk_proposals_base_version"
        ),
        sa.ForeignKeyConstraint(
            ["promulgated_version"], ["versions.number"], name="fk_proposals_promulgated_version"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_proposals"),
        comment="tested_version: up to which register version the initiative's ratio was tested",
    )
    op.create_index("ix_proposals_changes_digest", "proposals", ["changes_digest"])
    op.create_index("ix_proposals_created", "proposals", ["created_at", "id"])
    op.create_index(
        "ix_proposals_gathering",
        "proposals",
        ["lapses_at"],
        postgresql_where=sa.text("status = 'gathering'"),
    )
    op.create_table(
        "vote_chains",
        sa.Column("ballot_id", ID, nullable=False),
        sa.Column("sequence", sa.Integer, nullable=False),
        sa.Column("head", sa.LargeBinary, nullable=False),
        sa.Column("acted_at", INSTANT),
        sa.Column("swept_version", sa.Integer, nullable=False),
        sa.ForeignKeyConstraint(["ballot_id"], ["ballots.id"], name="fk_vote_chains_ballot_id"),
        sa.PrimaryKeyConstraint("ballot_id", name="pk_vote_chains"),
        comment="One row a ballot, from its call on; locked by whoever votes, opens, closes, extends or cancels: the votes of a ballot are one after another",
    )
    op.create_table(
        "promulgations",
        sa.Column("id", ID, nullable=False),
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("convention_version", sa.Integer, nullable=False),
        sa.Column("valid_on", sa.Date, nullable=False),
        sa.Column("in_force_on", sa.Date, nullable=False),
        sa.Column("due_on", sa.Date, nullable=False),
        sa.Column("due_basis", sa.JSON, nullable=False),
        sa.Column("is_late", sa.Boolean, nullable=False),
        sa.Column("proposed_by", sa.Text, nullable=False),
        sa.Column("promulgated_by", sa.Text, nullable=False),
        sa.Column("promulgated_at", INSTANT, nullable=False),
        sa.CheckConstraint("promulgated_by <> proposed_by", name="ck_promulgations_four_eyes"),
        sa.ForeignKeyConstraint(
            ["convention_version"], ["versions.number"], name="fk_promulgations_convention_version"
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposals.id"], name="fk_promulgations_proposal_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_promulgations"),
        sa.UniqueConstraint("convention_version", name="uq_promulgations_convention_version"),
        sa.UniqueConstraint("proposal_id", name="uq_promulgations_proposal_id"),
    )
    op.create_table(
        "supports",
        sa.Column("proposal_id", ID, nullable=False),
        sa.Column("member_id", ID, nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("draft_digest", sa.String(64), nullable=False),
        sa.Column("member_since", sa.Integer, nullable=False),
        sa.Column("supported_by", sa.Text, nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("supported_at", INSTANT, nullable=False),
        sa.Column("lapse_reason", sa.String(40)),
        sa.Column("ended_at", INSTANT),
        sa.Column("withdraws_at", INSTANT),
        sa.CheckConstraint(
            "(status = 'active') = (ended_at IS NULL)", name="ck_supports_ended_when"
        ),
        sa.CheckConstraint(
            "(status = 'lapsed') = (lapse_reason IS NOT NULL)", name="ck_supports_lapsed_why"
        ),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposals.id"], name="fk_supports_proposal_id"),
        sa.PrimaryKeyConstraint("proposal_id", "member_id", name="pk_supports"),
        comment="member_since: the register version that opened the membership the support rests on",
    )

    op.create_table(
        "announced_endings",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("ending", sa.String(40), nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.Column("day_ends_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("member_id", "ending", "effective_at", name="pk_announced_endings"),
        comment="Endings of memberships by notice, each announced for the beginning of a day",
    )


def downgrade() -> None:
    op.drop_table("announced_endings")
    op.drop_table("supports")
    op.drop_table("promulgations")
    op.drop_table("vote_chains")
    op.drop_index(
        "ix_proposals_gathering",
        table_name="proposals",
        postgresql_where=sa.text("status = 'gathering'"),
    )
    op.drop_index("ix_proposals_created", table_name="proposals")
    op.drop_index("ix_proposals_changes_digest", table_name="proposals")
    op.drop_table("proposals")
    op.drop_table("ended_mandates")
    op.drop_table("ballot_electors")
    op.drop_table("ballot_certificates")
    op.drop_table("annex_texts")
    op.drop_index("ix_annex_consents_member_id", table_name="annex_consents")
    op.drop_table("annex_consents")
    op.drop_index("ix_adherences_member_id", table_name="adherences")
    op.drop_table("adherences")
    op.drop_index("uq_votes_standing", table_name="votes", postgresql_where="stands")
    op.drop_index("ix_votes_unit", table_name="votes")
    op.drop_index(
        "ix_votes_counted", table_name="votes", postgresql_where=sa.text("stands AND NOT is_void")
    )
    op.drop_table("votes")
    op.drop_index(
        "uq_ballots_live",
        table_name="ballots",
        postgresql_where=sa.text("status IN ('called', 'awaiting_roll', 'open', 'closed')"),
    )
    op.drop_index("ix_ballots_subject_id", table_name="ballots")
    op.drop_index("ix_ballots_called", table_name="ballots")
    op.drop_table("ballots")
    op.drop_table("annexes")
