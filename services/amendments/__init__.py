"""Amendments: the convention as data, and how it is changed.

Owns: the convention's texts, versions and rulebook, its founding, proposals, ballots and votes, promulgations, annexes,
interpretations, a roster of the members.

Publishes: ``amendments.convention.founded.v1``, ``amendments.convention.publication_due.v1``,
``amendments.convention.promulgated.v1``, ``amendments.convention.corrected.v1``, ``amendments.rulebook.in_force.v1``,
``amendments.interpretation.issued.v1``, ``amendments.interpretation.superseded.v1``,
``amendments.proposal.submitted.v1``, ``amendments.proposal.supported_enough.v1``, ``amendments.proposal.rebased.v1``,
``amendments.proposal.draft_changed.v1``, ``amendments.proposal.retracted.v1``, ``amendments.proposal.lapsed.v1``, ``amendments.proposal.promulgation_due.v1``,
``amendments.proposal.promulgation_overdue.v1``, ``amendments.annex.adopted.v1``, ``amendments.annex.trial_ended.v1``,
``amendments.roll.requested.v1``, ``amendments.ballot.called.v1``, ``amendments.ballot.opened.v1``,
``amendments.ballot.extended.v1``, ``amendments.ballot.closed.v1``, ``amendments.ballot.cancelled.v1``,
``amendments.ballot.reminder_due.v1``, ``amendments.ballot.vote_voided.v1``, ``amendments.ballot.vote_replaced.v1``,
``amendments.ballot.member_cancelled.v1``, ``amendments.ballot.result_established.v1``,
``amendments.ballot.determined.v1``, ``amendments.replay.requested.v1``.

Listens to: ``membership.member.acceded.v1``, ``membership.member.ended.v1``,
``membership.member.ending_announced.v1``, ``membership.member.ending_retracted.v1``,
``membership.member.particulars_changed.v1``, ``membership.representative.appointed.v1``,
``membership.representative.removed.v1``, ``membership.roll.certified.v1``.
"""
