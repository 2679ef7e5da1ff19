"""Requests that succeed for the text, the rulebook, founding and interpretations (A1 to A3, A8)."""

from itertools import count

from tests.support.convention import made_up_text, published
from tests.support.founding import PLAIN, an_initiating_unit
from tests.support.world import Request, Who, World, path_of

NUMBERS = count(1)
READING = {
    "provision_id": "art_27",
    "text": {"zh": "“以上”含本数。", "en": "The number itself is included."},
    "reasons": {"zh": "依法律用语通例。"},
}


async def read_convention(_: World) -> Request:
    return Request("GET", "/v1/convention", Who.PUBLIC)


async def list_versions(_: World) -> Request:
    return Request("GET", "/v1/convention/versions", Who.PUBLIC)


async def read_article(_: World) -> Request:
    return Request("GET", "/v1/convention/articles/27", Who.PUBLIC)


async def read_article_history(_: World) -> Request:
    return Request("GET", "/v1/convention/articles/27/history", Who.PUBLIC)


async def read_redline(_: World) -> Request:
    return Request("GET", "/v1/convention/redline?from=1&to=1", Who.PUBLIC)


async def read_rulebook(_: World) -> Request:
    return Request("GET", "/v1/rulebook", Who.PUBLIC)


async def import_text(_: World) -> Request:
    page = published(made_up_text()).encode()
    return Request("POST", "/v1/convention/imports", Who.SECRETARY, content=page, headers=PLAIN)


async def list_divergences(_: World) -> Request:
    return Request("GET", "/v1/convention/divergences", Who.PUBLIC)


async def record_divergence(_: World) -> Request:
    json = {"provision_id": "art_27", "zh": "以上", "en": "agree", "note": {"zh": "含本数。"}}
    return Request("POST", "/v1/convention/divergences", Who.SECRETARY, json)


async def list_corrections(_: World) -> Request:
    return Request("GET", "/v1/convention/corrections", Who.PUBLIC)


async def correct_wording(world: World) -> Request:
    article = await world.as_(Who.PUBLIC).get("/v1/convention/articles/1")
    json = {
        "provision_id": "art_1",
        "language": "en",
        "before": article["provisions"][0]["texts"]["en"],
        "text": f"Translation {next(NUMBERS)}.",
        "reasons": "译文修订。",
    }
    return Request("POST", "/v1/convention/corrections", Who.SECRETARY, json)


async def read_founding(_: World) -> Request:
    return Request("GET", "/v1/founding", Who.PUBLIC)


async def name_initiating_units(_: World) -> Request:
    units = [an_initiating_unit("91110108QTY458N227", Who.LEGAL)]
    return Request("POST", "/v1/founding", Who.SECRETARY, {"units": units})


async def sign_convention(_: World) -> Request:
    return Request("POST", "/v1/founding/signatures", Who.LEGAL)


async def publish_convention(_: World) -> Request:
    return Request("POST", "/v1/founding/publication", Who.SECRETARY)


async def issue_interpretation(_: World) -> Request:
    return Request("POST", "/v1/interpretations", Who.SECRETARY, READING)


async def list_interpretations(_: World) -> Request:
    return Request("GET", "/v1/interpretations", Who.PUBLIC)


async def read_interpretation(world: World) -> Request:
    secretary = world.as_(Who.SECRETARY)
    made = await secretary.post("/v1/interpretations", READING, expect=201)
    return Request("GET", path_of(made), Who.PUBLIC)


TEXT_REQUESTS = (
    read_convention,
    list_versions,
    read_article,
    read_article_history,
    read_redline,
    read_rulebook,
    import_text,
    list_divergences,
    record_divergence,
    list_corrections,
    correct_wording,
    read_founding,
    name_initiating_units,
    sign_convention,
    publish_convention,
    issue_interpretation,
    list_interpretations,
    read_interpretation,
)

ONCE = {
    ("amendments", "import_text"),
    ("amendments", "name_initiating_units"),
    ("amendments", "sign_convention"),
    ("amendments", "publish_convention"),
}
"""What happens once in a convention's life, and has happened in every world: a second time it is refused."""
