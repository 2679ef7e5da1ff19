"""``/v1/convention``: the text of any day and version, articles, redlines (A2); and ``/v1/rulebook``."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Query, Request, Response

from services.amendments.api.accept import preferred
from services.amendments.api.akoma_ntoso import MEDIA_TYPE as AKOMA_NTOSO
from services.amendments.api.akoma_ntoso import as_akoma_ntoso
from services.amendments.api.markdown import as_markdown
from services.amendments.api.schemas.parts import WordingOut
from services.amendments.api.schemas.rulebook import RulebookOut
from services.amendments.api.schemas.texts import (
    ArticleHistoryOut,
    ArticleOut,
    Beside,
    ConventionOut,
    ProvisionRedlineOut,
    RedlineOut,
    VersionOut,
    history_out,
)
from services.amendments.domain.provision import NUMBER_PATTERN, Provision
from services.amendments.domain.redline import redline
from services.amendments.domain.version import history
from services.amendments.settings import AmendmentsSettings
from services.amendments.store import convention, interpretations, texts
from services.amendments.store.rulebook import rulebook_in_force, rulebook_version
from services.amendments.usecases.convention import find_text
from shared.db.work import Work
from shared.http.access import PUBLIC_ACCESS
from shared.http.openapi import operation_id
from shared.http.paging import CurrentPager, Page
from shared.http.route import CurrentWork, PublicUrl, WorkRoute, access
from shared.http.strict import Day
from shared.kernel.text import Language

READING = "Read the convention"
JSON, MARKDOWN = "application/json", "text/markdown"
OFFERED = (JSON, MARKDOWN, AKOMA_NTOSO)

router = APIRouter(
    prefix="/v1",
    route_class=WorkRoute,
    generate_unique_id_function=operation_id,
    tags=[READING],
    dependencies=[access(PUBLIC_ACCESS)],
)

On = Annotated[Day | None, Query(description="The text of this day. Not with `version`.")]
OfVersion = Annotated[int | None, Query(ge=1, lt=2**31, description="The text of this version.")]
VersionNumber = Annotated[int, Query(ge=1, lt=2**31)]
ArticleNumber = Annotated[
    str, Path(pattern=NUMBER_PATTERN, max_length=6, examples=["27"], description="`27`, `9-1`.")
]


async def _country(request: Request) -> str:
    settings: AmendmentsSettings = request.app.state.service.settings
    return settings.country


Country = Annotated[str, Depends(_country)]


@router.get(
    "/convention",
    summary="The text of a day or of a version",
    response_model=ConventionOut,
    responses={
        200: {
            "content": {
                MARKDOWN: {"schema": {"type": "string"}},
                AKOMA_NTOSO: {"schema": {"type": "string"}},
            }
        },
        406: {"description": "None of the media types that `Accept` names."},
    },
)
async def read_convention(
    work: CurrentWork,
    url: PublicUrl,
    country: Country,
    response: Response,
    on: On = None,
    version: OfVersion = None,
    lang: Annotated[Language, Query(description="Of Markdown and XML; JSON has both.")] = "zh",
    accept: Annotated[str | None, Header()] = None,
) -> ConventionOut | Response:
    """JSON, Markdown or Akoma Ntoso 3.0, as `Accept` asks. A day before the first version is 404.

    Without an imported text: a summary of each article in our own words, marked `is_summary`.
    """
    media_type = preferred(accept, OFFERED)
    shown = await find_text(work, on, version)
    response.headers["Vary"] = "Accept"
    if media_type == MARKDOWN:
        return _file(as_markdown(shown.version, lang).encode(), f"{MARKDOWN}; charset=utf-8", lang)
    if media_type == AKOMA_NTOSO:
        document = as_akoma_ntoso(shown.version, lang, country=country, earlier=shown.earlier)
        return _file(document, AKOMA_NTOSO, lang)
    text = shown.version.text
    beside = await _beside(work, text.provisions, url)
    return ConventionOut(
        version=VersionOut.of(shown.version, url),
        on=on,
        is_summary=shown.version.is_summary,
        is_in_force=shown.is_in_force,
        is_expected=shown.is_expected,
        to_come=[VersionOut.of(v, url) for v in shown.to_come],
        digest=text.digest,
        titles=WordingOut.of(text.titles),
        provisions=[beside.provision(p, shown.version) for p in text.provisions],
    )


@router.get("/convention/versions", summary="All versions, the latest first")
async def list_versions(work: CurrentWork, pager: CurrentPager, url: PublicUrl) -> Page[VersionOut]:
    """A version exists only where the text or the rulebook changed."""
    return await pager.page(work, texts.all_versions(), lambda row: VersionOut.of(row, url))


@router.get("/convention/articles/{number}", summary="One article with its items")
async def read_article(
    number: ArticleNumber,
    work: CurrentWork,
    url: PublicUrl,
    on: On = None,
    version: OfVersion = None,
) -> ArticleOut:
    """As it is in force, or was on a day or in a version; interpretations and divergences stand beside it."""
    shown = (await find_text(work, on, version)).version
    provisions = shown.text.within(f"art_{number}")
    return ArticleOut.of(shown, provisions, await _beside(work, provisions, url), url)


@router.get("/convention/articles/{number}/history", summary="How an article came to be")
async def read_article_history(
    number: ArticleNumber, work: CurrentWork, url: PublicUrl
) -> ArticleHistoryOut:
    """Every version in which the article, or an item of it, was new or changed; the oldest first."""
    entries = history(await convention.all_versions(work), f"art_{number}")
    provisions = [provision for entry in entries for provision in entry.provisions]
    return history_out(number, entries, await _beside(work, provisions, url), url)


@router.get("/convention/redline", summary="What differs between two versions")
async def read_redline(
    work: CurrentWork,
    from_version: Annotated[int, Query(alias="from", ge=1, lt=2**31)],
    to_version: Annotated[int, Query(alias="to", ge=1, lt=2**31)],
    lang: Annotated[Language, Query()] = "zh",
    only_changed: Annotated[bool, Query(description="Leave out what is the same.")] = True,
) -> RedlineOut:
    """By Han character and by Latin word. Each provision's `old` runs make its old wording, its `new` runs the new."""
    old = await convention.get_version(work, from_version)
    new = await convention.get_version(work, to_version)
    return RedlineOut(
        from_version=old.number,
        to_version=new.number,
        language=lang,
        provisions=[
            ProvisionRedlineOut.of(part)
            for part in redline(old.text, new.text, lang)
            if part.standing != "unchanged" or not only_changed
        ],
    )


@router.get("/rulebook", summary="The numbers that decide, and what they rest on")
async def read_rulebook(
    work: CurrentWork, url: PublicUrl, version: OfVersion = None
) -> RulebookOut:
    """The rulebook in force, or a version of it. A proceeding that is open keeps the version it opened under."""
    in_force = await rulebook_in_force(work)
    asked = in_force if version is None else await rulebook_version(work, version)
    return RulebookOut.of(asked, in_force, url)


async def _beside(work: Work, provisions: Iterable[Provision], url: str) -> Beside:
    divergences = await texts.divergences_of(work, {provision.id for provision in provisions})
    return Beside(await interpretations.standing(work), divergences, url)


def _file(content: bytes, media_type: str, language: Language) -> Response:
    tag = "zh-CN" if language == "zh" else language
    headers = {"Vary": "Accept", "Content-Language": tag}
    return Response(content, media_type=media_type, headers=headers)
