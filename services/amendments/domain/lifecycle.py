"""The lifecycles of a founding, a proposal, a ballot, an annex and an interpretation."""

from enum import StrEnum

from shared.kernel.lifecycle import Lifecycle

# Proposals and supports


class ProposalStatus(StrEnum):
    """Where a proposal stands: ``called`` while the notice of its ballot runs, ``in_ballot`` from the opening on."""

    GATHERING = "gathering"
    SUPPORTED = "supported"
    CALLED = "called"
    IN_BALLOT = "in_ballot"
    ADOPTED = "adopted"
    REJECTED = "rejected"
    UNDETERMINED = "undetermined"
    PROMULGATED = "promulgated"
    RETRACTED = "retracted"
    LAPSED = "lapsed"


class ProposalAction(StrEnum):
    """The acts on a proposal and what happens to it; what a caller can do is named as its route is."""

    DRAFT = "draft"
    TYPO_CORRECTION = "typo_correction"
    SUPPORT = "support"
    SUPPORT_RETRACTION = "support_retraction"
    ADMISSION = "admission"
    RETRACTION = "retraction"
    LAPSE = "lapse"
    REBASE = "rebase"
    RECONFIRMATION = "reconfirmation"
    BALLOT = "ballot"
    OPENING = "opening"
    CANCELLATION = "cancellation"
    ADOPTION = "adoption"
    REJECTION = "rejection"
    INDETERMINACY = "indeterminacy"
    PROMULGATION = "promulgation"


class SupportStatus(StrEnum):
    """Whether a unit stands behind a proposal; ``lapsed`` when its membership or the supporting mandate was over."""

    ACTIVE = "active"
    RETRACTED = "retracted"
    LAPSED = "lapsed"


class SupportAction(StrEnum):
    """What happens to a unit's support."""

    SUPPORT = "support"
    RETRACTION = "retraction"
    LAPSE = "lapse"


_PS, _PA = ProposalStatus, ProposalAction

PROPOSAL = Lifecycle(
    "proposal",
    _PS.GATHERING,
    [
        (_PA.DRAFT, {_PS.GATHERING}, _PS.GATHERING),
        (_PA.DRAFT, {_PS.SUPPORTED}, _PS.SUPPORTED),
        (_PA.TYPO_CORRECTION, {_PS.GATHERING}, _PS.GATHERING),
        (_PA.TYPO_CORRECTION, {_PS.SUPPORTED}, _PS.SUPPORTED),
        (_PA.SUPPORT, {_PS.GATHERING}, _PS.GATHERING),
        (_PA.SUPPORT_RETRACTION, {_PS.GATHERING}, _PS.GATHERING),
        (_PA.ADMISSION, {_PS.GATHERING}, _PS.SUPPORTED),
        (_PA.LAPSE, {_PS.GATHERING}, _PS.LAPSED),
        (_PA.REBASE, {_PS.GATHERING}, _PS.GATHERING),
        (_PA.REBASE, {_PS.SUPPORTED, _PS.ADOPTED, _PS.UNDETERMINED}, _PS.SUPPORTED),
        (_PA.RECONFIRMATION, {_PS.SUPPORTED, _PS.ADOPTED, _PS.UNDETERMINED}, _PS.GATHERING),
        (_PA.RETRACTION, {_PS.GATHERING, _PS.SUPPORTED, _PS.CALLED}, _PS.RETRACTED),
        (_PA.BALLOT, {_PS.SUPPORTED, _PS.UNDETERMINED}, _PS.CALLED),
        (_PA.OPENING, {_PS.CALLED}, _PS.IN_BALLOT),
        (_PA.CANCELLATION, {_PS.CALLED, _PS.IN_BALLOT}, _PS.SUPPORTED),
        (_PA.ADOPTION, {_PS.IN_BALLOT, _PS.UNDETERMINED}, _PS.ADOPTED),
        (_PA.REJECTION, {_PS.IN_BALLOT, _PS.UNDETERMINED}, _PS.REJECTED),
        (_PA.INDETERMINACY, {_PS.IN_BALLOT}, _PS.UNDETERMINED),
        (_PA.PROMULGATION, {_PS.ADOPTED}, _PS.PROMULGATED),
    ],
)

BEFORE_THE_MEMBERS = (_PS.CALLED, _PS.IN_BALLOT, _PS.UNDETERMINED, _PS.ADOPTED)
"""From the call of a ballot until what it decided is law, or will not be."""

_SS, _SA = SupportStatus, SupportAction

SUPPORT = Lifecycle(
    "support",
    _SS.ACTIVE,
    [
        (_SA.SUPPORT, {_SS.ACTIVE, _SS.RETRACTED, _SS.LAPSED}, _SS.ACTIVE),
        (_SA.RETRACTION, {_SS.ACTIVE}, _SS.RETRACTED),
        (_SA.LAPSE, {_SS.ACTIVE}, _SS.LAPSED),
    ],
)

# A3 founding, A8 interpretations


class FoundingStatus(StrEnum):
    """Where the founding stands: units are named, all have signed, the text has been published."""

    NAMED = "named"
    VALID = "valid"
    PUBLISHED = "published"


class FoundingAction(StrEnum):
    """The acts on a founding, each named as its route is; the last signature is the completion."""

    SIGNATURE = "signature"
    COMPLETION = "completion"
    PUBLICATION = "publication"


class InterpretationStatus(StrEnum):
    """Whether an interpretation still stands or a later one took its place."""

    ISSUED = "issued"
    SUPERSEDED = "superseded"


class InterpretationAction(StrEnum):
    """What happens to an interpretation."""

    SUPERSESSION = "supersession"


_FS, _FA = FoundingStatus, FoundingAction

FOUNDING = Lifecycle(
    "founding",
    _FS.NAMED,
    [
        (_FA.SIGNATURE, {_FS.NAMED}, _FS.NAMED),
        (_FA.COMPLETION, {_FS.NAMED}, _FS.VALID),
        (_FA.PUBLICATION, {_FS.VALID}, _FS.PUBLISHED),
    ],
)

INTERPRETATION = Lifecycle(
    "interpretation",
    InterpretationStatus.ISSUED,
    [
        (
            InterpretationAction.SUPERSESSION,
            {InterpretationStatus.ISSUED},
            InterpretationStatus.SUPERSEDED,
        ),
    ],
)

# Ballots


class BallotStatus(StrEnum):
    """Where a ballot stands: notice runs, the roll is awaited, votes are taken, the roll of the close is awaited."""

    CALLED = "called"
    AWAITING_ROLL = "awaiting_roll"
    OPEN = "open"
    CLOSED = "closed"
    ESTABLISHED = "established"
    CANCELLED = "cancelled"


class BallotAction(StrEnum):
    """The acts on a ballot and what happens to it; what a caller can do is named as its route is."""

    NOTICE_END = "notice_end"
    OPENING = "opening"
    VOTE = "vote"
    EXTENSION = "extension"
    CLOSE = "close"
    RESULT = "result"
    DETERMINATION = "determination"
    CANCELLATION = "cancellation"


_BS, _BA = BallotStatus, BallotAction

BALLOT = Lifecycle(
    "ballot",
    _BS.CALLED,
    [
        (_BA.NOTICE_END, {_BS.CALLED}, _BS.AWAITING_ROLL),
        (_BA.OPENING, {_BS.AWAITING_ROLL}, _BS.OPEN),
        (_BA.VOTE, {_BS.OPEN}, _BS.OPEN),
        (_BA.EXTENSION, {_BS.OPEN}, _BS.OPEN),
        (_BA.CLOSE, {_BS.OPEN}, _BS.CLOSED),
        (_BA.RESULT, {_BS.CLOSED}, _BS.ESTABLISHED),
        (_BA.DETERMINATION, {_BS.ESTABLISHED}, _BS.ESTABLISHED),
        (_BA.CANCELLATION, {_BS.CALLED, _BS.AWAITING_ROLL}, _BS.CANCELLED),
    ],
)


# Annexes


class AnnexStatus(StrEnum):
    """Where an annex stands (A7); ``ended`` when the provision of the convention that it hangs under was repealed."""

    DRAFTING = "drafting"
    CALLED = "called"
    IN_BALLOT = "in_ballot"
    IN_FORCE = "in_force"
    REJECTED = "rejected"
    UNDETERMINED = "undetermined"
    RETRACTED = "retracted"
    ENDED = "ended"


class AnnexAction(StrEnum):
    """The acts on an annex and what happens to it; what a caller can do is named as its route is."""

    DRAFT = "draft"
    RETRACTION = "retraction"
    BALLOT = "ballot"
    OPENING = "opening"
    CANCELLATION = "cancellation"
    ADOPTION = "adoption"
    REJECTION = "rejection"
    INDETERMINACY = "indeterminacy"
    ADHERENCE = "adherence"
    LEAVING = "leaving"
    AMENDMENT = "amendment"
    CONSENT = "consent"
    CONFLICT = "conflict"
    TRIAL_END = "trial_end"
    ENDING = "ending"


_XS, _XA = AnnexStatus, AnnexAction

ANNEX = Lifecycle(
    "annex",
    _XS.DRAFTING,
    [
        (_XA.DRAFT, {_XS.DRAFTING}, _XS.DRAFTING),
        (_XA.RETRACTION, {_XS.DRAFTING, _XS.CALLED}, _XS.RETRACTED),
        (_XA.BALLOT, {_XS.DRAFTING, _XS.UNDETERMINED}, _XS.CALLED),
        (_XA.OPENING, {_XS.CALLED}, _XS.IN_BALLOT),
        (_XA.CANCELLATION, {_XS.CALLED, _XS.IN_BALLOT}, _XS.DRAFTING),
        (_XA.ADOPTION, {_XS.IN_BALLOT, _XS.UNDETERMINED}, _XS.IN_FORCE),
        (_XA.REJECTION, {_XS.IN_BALLOT, _XS.UNDETERMINED}, _XS.REJECTED),
        (_XA.INDETERMINACY, {_XS.IN_BALLOT}, _XS.UNDETERMINED),
        (_XA.ADHERENCE, {_XS.IN_FORCE}, _XS.IN_FORCE),
        (_XA.LEAVING, {_XS.IN_FORCE}, _XS.IN_FORCE),
        (_XA.AMENDMENT, {_XS.IN_FORCE}, _XS.IN_FORCE),
        (_XA.CONSENT, {_XS.IN_FORCE}, _XS.IN_FORCE),
        (_XA.CONFLICT, {_XS.IN_FORCE}, _XS.IN_FORCE),
        (_XA.TRIAL_END, {_XS.IN_FORCE}, _XS.IN_FORCE),
        (_XA.ENDING, {_XS.IN_FORCE}, _XS.ENDED),
    ],
)
