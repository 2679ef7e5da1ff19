"""What can be the name of a unit, a group or a person, wherever one is given: in a body, in an imported list, at the founding."""

import re
import unicodedata
from collections.abc import Iterator

MOST_CHARACTERS = 200
MOST_MARKS_IN_A_ROW = 3
FORMULA_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
"""What a text begins with that a spreadsheet program would take for a formula."""

_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]"
)


def composed(text: str) -> str:
    """A name as it is kept: trimmed and in NFC."""
    return unicodedata.normalize("NFC", text.strip())


def faults_of_name(text: str) -> Iterator[str]:
    """What is wrong with ``text`` as a name; says nothing of what was sent."""
    name = composed(text)
    if not name:
        yield "missing"
        return
    if FORMULA_STARTS & {text.lstrip(" ")[0], name[0]}:
        yield "starts like a spreadsheet formula"
    if len(name) > MOST_CHARACTERS:
        yield f"longer than {MOST_CHARACTERS} characters"
    if _UNPRINTABLE.search(name):
        yield "control characters"
    if not name.isascii() and _piles_up_marks(name):
        yield "too many combining marks"


def _piles_up_marks(name: str) -> bool:
    run = 0
    for character in name:
        run = run + 1 if unicodedata.category(character) in ("Mn", "Me") else 0
        if run > MOST_MARKS_IN_A_ROW:
            return True
    return False
