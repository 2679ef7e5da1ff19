"""Amendments at a glance."""

from collections.abc import Sequence
from pathlib import Path

from services.amendments.api.routes import ROUTERS
from services.amendments.domain import errors, text_errors
from services.amendments.reactions import REACTIONS
from services.amendments.settings import AmendmentsSettings
from services.amendments.store import tables
from services.amendments.timers import TIMERS
from services.amendments.usecases.acting import may_act
from shared.contracts import amendments as events
from shared.contracts import amendments_ballots as ballots
from shared.contracts.base import Event
from shared.db import mailboxes, roster, rulebooks
from shared.service import Service
from shared.settings import SuiteSettings

PUBLISHES: Sequence[type[Event]] = (
    events.AmendmentsReplayRequested,
    events.RulebookInForce,
    events.ConventionFounded,
    events.ConventionPublicationDue,
    events.ConventionPromulgated,
    events.ConventionCorrected,
    events.InterpretationIssued,
    events.InterpretationSuperseded,
    events.RollRequested,
    ballots.BallotCalled,
    ballots.BallotOpened,
    ballots.BallotExtended,
    ballots.BallotClosed,
    ballots.BallotCancelled,
    ballots.BallotReminderDue,
    ballots.BallotVoteVoided,
    ballots.BallotVoteReplaced,
    ballots.BallotMemberCancelled,
    ballots.BallotResultEstablished,
    ballots.BallotDetermined,
    events.ProposalSubmitted,
    events.ProposalSupportedEnough,
    events.ProposalRebased,
    events.ProposalDraftChanged,
    events.ProposalRetracted,
    events.ProposalLapsed,
    events.ProposalPromulgationDue,
    events.ProposalPromulgationOverdue,
    events.AnnexAdopted,
    events.AnnexTrialEnded,
)


def amendments(
    settings: AmendmentsSettings | None = None, suite: SuiteSettings | None = None
) -> Service:
    """The declaration of amendments; settings not given are read from the environment."""
    return Service(
        name="amendments",
        title="Amendments",
        summary="The convention, its versions and rulebook; proposals, ballots, promulgations (Art. 26, 27, 29 to 31).",
        paths=[
            "convention",
            "rulebook",
            "founding",
            "proposals",
            "ballots",
            "promulgations",
            "annexes",
            "interpretations",
        ],
        settings=settings or AmendmentsSettings(),
        suite=suite or SuiteSettings(),
        routers=ROUTERS,
        tables=[mailboxes.metadata, roster.metadata, rulebooks.metadata, tables.metadata],
        publishes=PUBLISHES,
        reactions=REACTIONS,
        timers=TIMERS,
        may_act=may_act,
        refusals=[errors, text_errors],
        migrations=Path(__file__).parent / "migrations",
        keeps_roster=True,
        asks_with=events.AmendmentsReplayRequested,
        uncounted=frozenset({"cast_vote", "list_own_votes"}),
    )
