"""Who is answered how: one row an operation, one cell a caller (reliability P32, decisions "Who may").

A row names who is let in and with which status. Everyone else is turned away: 401 without a token; 422 where a
representative is asked for and the token names no member; 403 where everybody may see the resource; otherwise 404.

Some see a resource row by row: the parties their application, a unit an issued circular. A route turns callers away by
role before it knows the row, so to them, too, an act of the registrar or the secretary does not exist.
"""

from collections.abc import Mapping

from tests.support.world import OWN, Who

Row = Mapping[Who, int]

UNITS = {*OWN, Who.OTHER, Who.LEFT}
NAMES_NO_MEMBER = {Who.STRANGER, Who.APPLICANT, Who.LEGAL}
READERS = {"full": 200, "machine": 200, "other": 200}


def _row(denied: int, allowed: Mapping[str, int], *, acts_for_member: bool = False) -> Row:
    row = dict.fromkeys(Who, denied) | {Who.PUBLIC: 401}
    if acts_for_member:
        row |= dict.fromkeys(NAMES_NO_MEMBER, 422)
    return row | {Who(who): status for who, status in allowed.items()}


def everyone(status: int = 200) -> Row:
    """Also without a token."""
    return dict.fromkeys(Who, status)


def whoever_is_signed_in(status: int = 200, **but: int) -> Row:
    """With any token."""
    return _row(status, but)


def hidden(**allowed: int) -> Row:
    """For the others it does not exist."""
    return _row(404, allowed)


def hidden_from_units(**allowed: int) -> Row:
    """The same, where representatives are let in."""
    return _row(404, allowed, acts_for_member=True)


def shown(**allowed: int) -> Row:
    """The others may see it, but not do this."""
    return _row(403, allowed)


def shown_to_units(**allowed: int) -> Row:
    """The same, where representatives are let in."""
    return _row(403, allowed, acts_for_member=True)


def _to(status: int, *allowed: str) -> dict[str, int]:
    return dict.fromkeys(allowed, status)


VOTE_READERS = _to(200, "full", "other", "secretary", "ballot_officer", "authority")
VOTE_READERS_ARE_TOLD = dict.fromkeys(VOTE_READERS, 403)
PROPOSERS = ("full", "other", "secretary")

AUTHORITY: Mapping[str, Row] = {
    # the public register (M6, M7)
    "list_members": everyone(),
    "read_member": everyone(),
    "read_member_history": everyone(),
    "read_register": everyone(),
    "list_movements": everyone(),
    "list_bulletins": everyone(),
    "read_bulletin": everyone(),
    "read_bulletin_feed": everyone(),
    "publish_erratum": shown(registrar=201),
    "read_roll": hidden(registrar=200, ballot_officer=200, secretary=200, authority=200),
    # applications (M1, M2): a party or the registrar sees one; each act is the one's or the other's
    "submit_application": whoever_is_signed_in(201),
    "list_applications": whoever_is_signed_in(),
    "read_application": hidden(applicant=200, legal=200, registrar=200),
    "return_application": hidden(registrar=200),
    "approve_application": hidden(registrar=200),
    "refuse_application": hidden(registrar=200),
    "resubmit_application": hidden(applicant=200, legal=403, registrar=403),
    "file_mandate": hidden(applicant=200, legal=403, registrar=403),
    "retract_application": hidden(applicant=200, legal=403, registrar=403),
    "sign_instrument": hidden(legal=200, applicant=403, registrar=403),
    # a member's own affairs (M3, M9, M10)
    "change_particulars": shown_to_units(full=200, registrar=200),
    "withdraw": shown_to_units(full=200),
    "retract_withdrawal": shown_to_units(full=200),
    "merge_member": shown(registrar=200),
    "retract_merger": shown(registrar=200),
    "dissolve_member": shown(registrar=200),
    "retract_dissolution": shown(registrar=200),
    "list_representatives": shown_to_units(full=200, registrar=200),
    "read_representative": shown_to_units(full=200, registrar=200),
    "appoint_representative": shown_to_units(full=201),
    "remove_representative": shown_to_units(full=200),
    "issue_claim_code": shown(registrar=201),
    "claim_membership": whoever_is_signed_in(201, registrar=403),  # four eyes: it issued the code
    "import_members": hidden(registrar=202),
    "read_import": hidden(registrar=200),
    "list_import_rows": hidden(registrar=200),
    # circulars (N1) and the inbox (N3)
    "draft_circular": hidden(secretary=201, full=403, machine=403, other=403),
    "list_circulars": hidden_from_units(secretary=200, **READERS),
    "get_circular": hidden_from_units(secretary=200, **READERS),
    "edit_circular": hidden(secretary=200),
    "preview_circular": hidden(secretary=200),
    "discard_circular": hidden(secretary=200),
    "schedule_circular": hidden(secretary=200),
    "unschedule_circular": hidden(secretary=200),
    "issue_circular": hidden(secretary=200),
    "correct_circular": hidden(secretary=201),
    "list_acknowledgements": hidden(secretary=200),
    "list_inbox": hidden_from_units(left=200, **READERS),
    "get_notice": hidden_from_units(full=200, machine=200),
    "read_notice": hidden_from_units(full=200, machine=200),
    "acknowledge_notice": hidden_from_units(full=200, machine=200),
    # webhooks (N4): a unit's own, for its representatives with scope circulars while it is a member
    "register_endpoint": hidden_from_units(full=201, machine=201, other=201),
    "list_endpoints": hidden_from_units(**READERS),
    "get_endpoint": hidden_from_units(full=200, machine=200),
    "change_endpoint": hidden_from_units(full=200, machine=200),
    "delete_endpoint": hidden_from_units(full=204, machine=204),
    "rotate_secret": hidden_from_units(full=200, machine=200),
    "send_test_event": hidden_from_units(full=202, machine=202),
    "enable_endpoint": hidden_from_units(full=200, machine=200),
    "list_deliveries": hidden_from_units(full=200, machine=200),
    "get_delivery": hidden_from_units(full=200, machine=200),
    "list_event_types": everyone(),
    # the text, the rulebook, interpretations (A1, A2, A8)
    "read_convention": everyone(),
    "list_versions": everyone(),
    "read_article": everyone(),
    "read_article_history": everyone(),
    "read_redline": everyone(),
    "read_rulebook": everyone(),
    "list_divergences": everyone(),
    "record_divergence": shown(secretary=201),
    "list_corrections": everyone(),
    "correct_wording": shown(secretary=201),
    "list_interpretations": everyone(),
    "read_interpretation": everyone(),
    "issue_interpretation": shown(secretary=201),
    # what happens once in a convention's life (A1, A3): in the world it is over, and refused
    "import_text": shown(secretary=409),
    "read_founding": everyone(),
    "name_initiating_units": shown(secretary=409),
    "sign_convention": hidden(legal=409),
    "publish_convention": shown(secretary=409),
    # proposals (A4): units with the scope vote, who runs votes, the authority; no other officer
    "list_proposals": hidden_from_units(**VOTE_READERS),
    "read_proposal": hidden_from_units(**VOTE_READERS),
    "list_supports": hidden_from_units(**VOTE_READERS),
    "list_collisions": hidden_from_units(**VOTE_READERS),
    "submit_proposal": hidden_from_units(**VOTE_READERS_ARE_TOLD | _to(201, *PROPOSERS)),
    "edit_draft": hidden_from_units(**VOTE_READERS_ARE_TOLD | _to(200, "secretary")),
    "correct_typo": hidden_from_units(**VOTE_READERS_ARE_TOLD | _to(200, "secretary")),
    "retract_proposal": hidden_from_units(**VOTE_READERS_ARE_TOLD | _to(200, "secretary")),
    "rebase_proposal": hidden_from_units(**VOTE_READERS_ARE_TOLD | _to(200, "secretary")),
    "support_proposal": hidden_from_units(**VOTE_READERS_ARE_TOLD | _to(200, "full", "other")),
    "retract_support": hidden_from_units(**VOTE_READERS_ARE_TOLD | _to(200, "full", "other")),
    # promulgations (A6)
    "list_promulgations": everyone(),
    "read_promulgation": everyone(),
    "promulgate": shown(secretary=201),
    # annexes (A7): in force they are public, and each act is a unit's or an officer's
    "list_annexes": everyone(),
    "read_annex": everyone(),
    "list_annex_versions": everyone(),
    "list_adherents": everyone(),
    "draft_annex": shown_to_units(full=201, other=201),
    "edit_annex": shown_to_units(full=200),
    "retract_annex": shown_to_units(full=200),
    "call_annex_ballot": hidden(**VOTE_READERS_ARE_TOLD | _to(201, "ballot_officer")),
    "adhere": shown_to_units(full=200, other=200),
    "leave_annex": shown_to_units(full=200),
    "propose_annex_amendment": shown_to_units(full=200),
    "consent_to_amendment": shown_to_units(full=200, other=200),
    "mark_conflict": shown(secretary=200),
    # ballots (A5): the record is everybody's, to vote is the units' on the roll, to conduct the ballot officer's
    "list_ballots": hidden_from_units(**VOTE_READERS),
    "get_ballot": hidden_from_units(**VOTE_READERS),
    "get_ballot_result": hidden_from_units(**VOTE_READERS),
    "get_ballot_roll_call": hidden_from_units(**VOTE_READERS),
    "get_ballot_record": everyone(),
    "call_ballot": hidden(**VOTE_READERS_ARE_TOLD | _to(201, "ballot_officer")),
    "extend_ballot": hidden(**VOTE_READERS_ARE_TOLD | _to(200, "ballot_officer")),
    "determine_ballot": hidden(**VOTE_READERS_ARE_TOLD | _to(200, "ballot_officer")),
    "cast_vote": hidden_from_units(**VOTE_READERS_ARE_TOLD | _to(200, "full", "other")),
    "list_own_votes": hidden_from_units(**VOTE_READERS_ARE_TOLD | {"full": 200, "other": 404}),
    # operators, of either service: what got stuck, never what it says
    "list_incoming_events": hidden(operator=200),
    "list_outgoing_events": hidden(operator=200),
    "retry_incoming_event": hidden(operator=200),
    "discard_incoming_event": hidden(operator=200),
}
