"""The identifier under which a unit stands in the register."""

from services.membership.domain.errors import IdentifierNotValid
from shared.kernel.identifier import fault_of_identifier, normalised


def checked_identifier(text: str) -> str:
    """The normalised identifier; refuses with ``IdentifierNotValid`` and its reason."""
    number = normalised(text)
    reason = fault_of_identifier(number)
    if reason is not None:
        raise IdentifierNotValid(reason=reason)
    return number
