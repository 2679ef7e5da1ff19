"""The second half of the main job: the members change their convention by vote, and then fail to."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text

from deploy import verify
from deploy.embedded.caller import Caller, StoryBroken
from deploy.embedded.published import published

ADOPTION, CHANGED = "amendment.adoption", "art_27"
NOTICE_DAYS, VOTING_DAYS = 16, 31

ForEach = Callable[[str, Callable[[str], Awaitable[None]]], Awaitable[None]]


class Amending:
    """One play of a change of the convention.

    ``representatives``: whom every member is represented by; ``for_each(what, act)``: acts for all members, with a progress
    bar; ``text``: the published convention, None: the summary that comes with the suite, in its own words.
    """

    def __init__(
        self,
        secretary: Caller,
        other_secretary: Caller,
        ballot_officer: Caller,
        representatives: Mapping[str, Caller],
        advance: Callable[[int], Awaitable[None]],
        for_each: ForEach,
        console: Console,
        text: bytes | None,
    ) -> None:
        self._secretary = secretary
        self._other_secretary = other_secretary
        self._officer = ballot_officer
        self._representatives = representatives
        self._advance = advance
        self._for_each = for_each
        self._console = console
        self._text = text

    async def play(self) -> None:
        """Play it; raises ``StoryBroken`` where the suite does not do its part."""
        await self.import_the_convention()
        await self.adopt_another_majority()
        await self.fail_by_one_vote()

    def _tell(self, line: str) -> None:
        self._console.print(f"[green]✓[/] {line}")

    async def import_the_convention(self) -> None:
        """The text as it was published becomes version 1."""
        text = self._text or published(await self._secretary.get("/v1/convention"))
        imported = await self._secretary.send_text("/v1/convention/imports", text)
        divergences = await self._secretary.pages("/v1/convention/divergences")
        found = [divergence["provision_id"] for divergence in divergences]
        self._tell(
            f"The convention was imported: {imported['chapters']} chapters, {imported['articles']} "
            f"articles in each language; not translated: {', '.join(found) or 'nothing'}"
        )

    async def adopt_another_majority(self) -> None:
        """A coalition gathers support to the exact number, and exactly two thirds adopt."""
        before = await self._article_27()
        proposal = await self._gather_support(
            {
                "base_version": 1,
                "changes": [{"kind": "replace", "id": CHANGED, "texts": _three_quarters(before)}],
                "rule_changes": [{"key": ADOPTION, "value": {"numerator": 3, "denominator": 4}}],
                "title": {"zh": "修改第二十七条", "en": "To change Art. 27"},
                "reasons": {"zh": "修改公约应有更广泛的同意。"},
            }
        )
        result = await self._ballot(proposal, short_by=0)
        official = result["official"]
        self._tell(
            f"The ballot of all {official['units']} members adopted it with {official['consenting']}: "
            f"exactly the two thirds of Art. 27"
        )
        await self._recount(result)
        promulgation = await self._secretary.post(
            "/v1/promulgations", {"proposal_id": proposal["id"]}
        )
        version = promulgation["convention_version"]
        self._tell(f"Version {version} was promulgated; the redline of Art. 27:")
        for language in ("zh", "en"):
            await self._print_redline(version, language)

    async def fail_by_one_vote(self) -> None:
        """The next ballot is counted by the new majority, and lacks one vote."""
        article = await self._article_27()
        proposal = await self._other_secretary.post(
            "/v1/proposals",
            {
                "base_version": 2,
                "changes": [{"kind": "replace", "id": CHANGED, "texts": _said_again(article)}],
                "title": {"zh": "再次修改第二十七条", "en": "To change Art. 27 once more"},
                "reasons": {"zh": "表述更明确。"},
            },
        )
        result = await self._ballot(proposal, short_by=1)
        official = result["official"]
        if result["outcome"] != "rejected" or official["needed"] - official["consenting"] != 1:
            raise StoryBroken(f"a ballot that lacked a vote came to {result}")
        self._tell(
            f"A second ballot failed by one vote: {official['consenting']} of {official['units']}, "
            f"{official['needed']} were needed by the new rule"
        )

    async def _article_27(self) -> dict[str, str]:
        article = await self._secretary.get("/v1/convention/articles/27")
        texts: dict[str, str] = article["provisions"][0]["texts"]
        return texts

    async def _gather_support(self, draft: Mapping[str, Any]) -> Any:
        units = iter(self._representatives.items())
        _, first = next(units)
        proposal = await first.post("/v1/proposals", draft)
        path, needed = f"/v1/proposals/{proposal['id']}", proposal["support"]["needed"]
        support = {"draft_digest": proposal["draft_digest"]}
        for _ in range(needed - 1):
            if proposal["status"] != "gathering":
                raise StoryBroken("a proposal was latched too early")
            _, unit = next(units)
            proposal = await unit.put(f"{path}/supports", support)
        if proposal["status"] != "supported":
            raise StoryBroken("a proposal with enough support was not latched")
        reached = proposal["support"]["latch"]
        self._tell(
            f"A coalition proposed to change Art. 27 and gathered {reached['reached']} of "
            f"{reached['of']} units: exactly the tenth of Art. 27"
        )
        return proposal

    async def _ballot(self, proposal: Mapping[str, Any], *, short_by: int) -> Any:
        """A ballot in which as many agree as are needed, less ``short_by``; its result."""
        path = f"/v1/proposals/{proposal['id']}/ballot"
        ballot = await self._officer.post(path)
        path = f"/v1/ballots/{ballot['id']}"
        await self._advance(NOTICE_DAYS)
        opened = await self._officer.get(path)
        if opened["status"] != "open":
            raise StoryBroken(f"a ballot did not open: it is {opened['status']}")
        agreeing = set(list(self._representatives)[: opened["needed"]["needed"] - short_by])

        async def vote(member_id: str) -> None:
            choice = "for" if member_id in agreeing else "against"
            await self._representatives[member_id].put(f"{path}/vote", {"choice": choice})

        await self._for_each("Every member votes", vote)
        await self._advance(VOTING_DAYS)
        return await self._officer.get(f"{path}/result")

    async def _recount(self, result: Mapping[str, Any]) -> None:
        """The public record, recounted by a program that knows nothing of the suite."""
        record = await self._officer.get(f"/v1/ballots/{result['ballot_id']}/record")
        holds, lines = verify.run(json.dumps(record, ensure_ascii=False).encode())
        if not holds:
            raise StoryBroken("\n".join(lines))
        self._tell(f"Its public record was recounted offline: {lines[-1]}")

    async def _print_redline(self, version: int, language: str) -> None:
        redline = await self._secretary.get(
            "/v1/convention/redline",
            **{"from": str(version - 1), "to": str(version)},
            lang=language,
        )
        (changed,) = redline["provisions"]
        line = Text("  ")
        for run in changed["opcodes"]:
            if run["old"] == run["new"]:
                line.append(run["new"])
            else:
                line.append(f"[-{run['old']}-]" if run["old"] else "", style="red strike")
                line.append(f"{{+{run['new']}+}}" if run["new"] else "", style="green bold")
        self._console.print(line)


def _three_quarters(texts: Mapping[str, str]) -> dict[str, str]:
    changed = {
        "zh": texts["zh"].replace("三分之二", "四分之三"),
        "en": (texts["en"] or "")
        .replace("two thirds", "three quarters")
        .replace("two-thirds", "three-quarters"),
    }
    if changed["zh"] == texts["zh"]:
        changed["zh"] += "（四分之三以上）"
    return changed


def _said_again(texts: Mapping[str, str]) -> dict[str, str]:
    return {
        "zh": texts["zh"] + "修改自公布之日起施行。",
        "en": texts["en"] + " It takes effect when it is published.",
    }
