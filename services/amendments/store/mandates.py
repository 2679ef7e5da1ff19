"""Mandates to vote, as statements written by hand ask for them."""

from shared.kernel.actor import Scope


def lets_vote(held: str, at: str) -> str:
    """SQL: whether a row ``held`` of ``roster_mandates`` lets its subject vote for its member at an instant ``at``."""
    return f"""(
        ({held}.removed_at IS NULL OR {held}.removed_at > {at}) AND {held}.valid_from <= {at}
        AND ({held}.valid_until IS NULL OR {held}.valid_until > {at})
        AND CAST({held}.scopes AS text[]) && '{{{Scope.VOTE},{Scope.ALL}}}'
    )"""
