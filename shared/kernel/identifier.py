"""The identifier of a legal entity: in China its 18-character unified social credit code."""

import unicodedata

from stdnum.cn import uscc
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

LENGTH = 18


def normalised(text: str) -> str:
    """``text`` as identifiers are compared: NFKC (full-width forms become plain), trimmed, upper case."""
    return unicodedata.normalize("NFKC", text).strip().upper()


def fault_of_identifier(number: str) -> str | None:
    """What is wrong with ``number``, normalised, as an identifier; None: nothing."""
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
