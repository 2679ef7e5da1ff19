"""What an exported text remarks of a provision: that it has no wording in the language, or does not apply yet."""

from services.amendments.domain.provision import Provision
from services.amendments.domain.version import Version
from shared.kernel.text import Language, Text

REPEALED = Text("（已废止）", "(repealed)")
_NOT_TRANSLATED = Text("（无文字）", "(not translated)")


def in_place_of_wording(provision: Provision, language: Language) -> str:
    """Why ``provision`` has none: it was repealed, or nobody translated it."""
    return (REPEALED if provision.is_repealed else _NOT_TRANSLATED).in_language(language)


def put_off(version: Version, provision: Provision, language: Language) -> str:
    """From which later day on ``provision`` applies (edge case 22); empty where it applies with its version."""
    day = version.applies_from.get(provision.id)
    if day is None:
        return ""
    return Text(f"（自{day}起适用）", f" (applies from {day})").in_language(language)
