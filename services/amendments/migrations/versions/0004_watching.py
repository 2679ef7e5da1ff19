"""Reminders of publication duties and of votes, announced endings, annexes on trial, amendments of annexes tested by register version, authors."""

import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

ID = sa.String(64, collation="C")
INSTANT = sa.DateTime(timezone=True)

DigestOf = Callable[[dict[str, Any]], str]

BALLOTS = sa.table("ballots", sa.column("subject_id", ID), sa.column("opened_at", INSTANT))

HOUSE_RULES = [
    {
        "key": "ballot.reminder_share",
        "value": {"numerator": 1, "denominator": 2, "inclusive": True, "of": "voting_term"},
        "article": "27",
        "given_by": "house",
    },
    {
        "key": "promulgation.in_force_term",
        "value": {"months": 12, "days": 0},
        "article": "31",
        "given_by": "house",
    },
    {
        "key": "publication.first_reminder_term",
        "value": {"months": 0, "days": 20},
        "article": "26",
        "given_by": "house",
    },
    {
        "key": "publication.second_reminder_term",
        "value": {"months": 0, "days": 27},
        "article": "26",
        "given_by": "house",
    },
]


def upgrade() -> None:
    op.create_table(
        "announced_endings",
        sa.Column("member_id", ID, nullable=False),
        sa.Column("ending", sa.String(40), nullable=False),
        sa.Column("effective_at", INSTANT, nullable=False),
        sa.Column("day_ends_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("member_id", "ending", "effective_at", name="pk_announced_endings"),
        comment="Endings of memberships by notice, each announced for the beginning of a day",
    )
    for table in ("foundings", "proposals"):
        op.add_column(
            table,
            sa.Column("remind_on", sa.ARRAY(sa.Date), nullable=False, server_default="{}"),
        )
    for table in ("proposals", "annexes"):
        op.add_column(table, sa.Column("authors", sa.ARRAY(sa.Text)))
    op.execute("UPDATE proposals SET authors = ARRAY[proposed_by]")
    op.execute("UPDATE annexes SET authors = ARRAY[drafted_by]")
    for table in ("proposals", "annexes"):
        op.alter_column(table, "authors", nullable=False)
        op.add_column(
            table, sa.Column("was_in_ballot", sa.Boolean, nullable=False, server_default="false")
        )
        subject = sa.table(table, sa.column("id", ID), sa.column("was_in_ballot", sa.Boolean))
        has_opened = sa.exists().where(
            BALLOTS.c.subject_id == subject.c.id, BALLOTS.c.opened_at.is_not(None)
        )
        op.execute(sa.update(subject).where(has_opened).values(was_in_ballot=True))
    op.add_column("annexes", sa.Column("trial_ended_at", INSTANT))
    op.add_column(
        "annexes", sa.Column("tested_version", sa.Integer, nullable=False, server_default="0")
    )
    op.execute(  # what was consented to so far counts from now on, not at versions of long ago
        "UPDATE annexes SET tested_version = coalesce((SELECT max(watermark) FROM roster_state), 0)"
    )
    _rebind_consents(_digest_of_text, _digest_of_amendment)
    for table in ("adherences", "annex_consents"):
        op.add_column(
            table, sa.Column("is_void", sa.Boolean, nullable=False, server_default="false")
        )
        op.create_index(f"ix_{table}_member_id", table, ["member_id"])
    op.add_column("annex_texts", sa.Column("register_version", sa.Integer))
    op.add_column("annex_texts", sa.Column("adherents_digest", sa.String(64)))
    _comment(
        "Every text an annex ever had; consents of adherents at a register version, null for the first,"
        " which the members consented to"
    )
    _comment_chains(
        "One row a ballot, from its call on; locked by whoever votes, opens, closes, extends or cancels:"
        " the votes of a ballot are one after another"
    )
    op.add_column("vote_chains", sa.Column("acted_at", INSTANT))
    op.execute(
        "UPDATE vote_chains SET acted_at = (SELECT max(votes.acted_at) FROM votes"
        " WHERE votes.ballot_id = vote_chains.ballot_id)"
    )
    op.execute(
        "INSERT INTO vote_chains (ballot_id, sequence, head, swept_version)"
        " SELECT id, 0, '', 0 FROM ballots WHERE opened_at IS NULL"
    )
    rules = json.dumps(HOUSE_RULES)
    op.execute(
        sa.text(
            "UPDATE rulebooks SET entries = CAST(entries AS jsonb) || CAST(:rules AS jsonb)"
        ).bindparams(rules=rules)
    )
    op.execute(
        sa.text(
            "UPDATE ballots SET timing = CAST(timing AS jsonb) || jsonb_build_object("
            "'reminder', CAST(:share AS jsonb), 'reminder_basis', jsonb_build_object("
            "'rule', 'ballot.reminder_share', 'article', '27',"
            "'rulebook_version', timing -> 'voting_basis' -> 'rulebook_version'))"
        ).bindparams(share=json.dumps(HOUSE_RULES[0]["value"]))
    )


def downgrade() -> None:
    op.execute(
        "DELETE FROM vote_chains USING ballots"
        " WHERE ballots.id = vote_chains.ballot_id AND ballots.opened_at IS NULL"
    )
    op.drop_column("vote_chains", "acted_at")
    _comment_chains(
        "Its row is locked by whoever votes, closes, extends or cancels: the votes of a ballot are one after another"
    )
    op.execute("UPDATE ballots SET timing = CAST(timing AS jsonb) - 'reminder' - 'reminder_basis'")
    keys = [rule["key"] for rule in HOUSE_RULES]
    op.execute(
        sa.text(
            "UPDATE rulebooks SET entries = (SELECT jsonb_agg(entry) FROM"
            " jsonb_array_elements(CAST(entries AS jsonb)) AS entry"
            " WHERE entry ->> 'key' <> ALL (CAST(:keys AS text[])))"
        ).bindparams(keys=keys)
    )
    _comment(
        "Every text an annex ever had; consents of adherents, null for the first, which the members consented to"
    )
    for table in ("annex_consents", "adherences"):
        kept = sa.table(table, sa.column("is_void", sa.Boolean))
        op.execute(sa.delete(kept).where(kept.c.is_void))
        op.drop_index(f"ix_{table}_member_id", table)
        op.drop_column(table, "is_void")
    _rebind_consents(_digest_of_amendment, _digest_of_text)
    op.drop_column("annex_texts", "adherents_digest")
    op.drop_column("annex_texts", "register_version")
    op.drop_column("annexes", "tested_version")
    op.drop_column("annexes", "trial_ended_at")
    for table in ("proposals", "annexes"):
        op.drop_column(table, "was_in_ballot")
        op.drop_column(table, "authors")
    for table in ("proposals", "foundings"):
        op.drop_column(table, "remind_on")
    op.drop_table("announced_endings")


def _rebind_consents(before: DigestOf, after: DigestOf) -> None:
    """What was consented to since the open amendment of an annex was proposed, stays consented to under its new hash."""
    annexes = sa.table("annexes", sa.column("id", ID), sa.column("amendment", sa.JSON))
    consents = sa.table(
        "annex_consents",
        sa.column("annex_id", ID),
        sa.column("digest", sa.String),
        sa.column("consented_at", INSTANT),
    )
    connection = op.get_bind()
    for annex_id, kept in connection.execute(
        sa.select(annexes.c.id, annexes.c.amendment).where(annexes.c.amendment.is_not(None))
    ).all():
        connection.execute(
            sa.update(consents)
            .where(
                consents.c.annex_id == annex_id,
                consents.c.digest == before(kept),
                consents.c.consented_at >= datetime.fromisoformat(kept["proposed_at"]),
            )
            .values(digest=after(kept))
        )


def _digest_of_text(kept: dict[str, Any]) -> str:
    return _sha256(kept["text"])


def _digest_of_amendment(kept: dict[str, Any]) -> str:
    proposed_at = datetime.fromisoformat(kept["proposed_at"]).astimezone(UTC)
    return _sha256(
        {
            "text": kept["text"],
            "member_id": kept["member_id"],
            "proposed_at": proposed_at.isoformat(),
        }
    )


def _sha256(data: dict[str, Any]) -> str:
    canonical = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _comment_chains(text: str) -> None:
    op.create_table_comment("vote_chains", text)


def _comment(text: str) -> None:
    op.create_table_comment("annex_texts", text)
