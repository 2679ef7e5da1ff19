"""The identifier of a legal entity: in China its 18-character unified social credit code."""

import unicodedata

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from services.membership.domain.errors import IdentifierNotValid

LENGTH = 18


def normalised(text: str) -> str:
    """``text`` as identifiers are compared: NFKC (full-width forms become plain), trimmed, upper case."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def checked_identifier(text: str) -> str:
    """The normalised identifier; refuses with ``IdentifierNotValid`` and its reason."""
    number = normalised(text)
    reason = _reason_against(number)
    if reason is not None:
        raise IdentifierNotValid(reason=reason)
    return number


def _reason_against(number: str) -> str | None:
    if not number:
        return "missing"
    if len(number) != LENGTH:
        return "length"
    try:
        uscc.validate(number)
    except InvalidChecksum:
        return "check digit"
    except InvalidLength:  # separators inside, which the library would take out
        return "length"
    except ValidationError:
        return "characters"
    return None
