"""The bundled summary: what readers get where no text was imported. Our own words on each article, not the text."""

import json
from functools import cache
from importlib.resources import files

from services.amendments.domain.provision import text_from
from services.amendments.domain.version import BUNDLED, Version
from shared.kernel.rulebook import REFERENCE_RULEBOOK


@cache
def bundled_summary() -> Version:
    """Number 0, of no day and never the law, with the reference rulebook."""
    data = json.loads(files(__package__).joinpath("summary.json").read_text("utf-8"))
    return Version(0, text_from(data), REFERENCE_RULEBOOK.version, None, None, None, BUNDLED)
