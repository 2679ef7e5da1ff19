"""The main job, played over HTTP on the embedded suite: an association takes over its members and speaks to them."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import date, timedelta
from random import Random
from typing import Any

import httpx
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from deploy.embedded.amending import Amending
from deploy.embedded.caller import Caller, StoryBroken
from deploy.embedded.member_list import invented_identifier, invented_member_list
from deploy.embedded.systems import MembersSystems
from deploy.issuer import DevelopmentIssuer
from shared.kernel.actor import Role

INVENTED_MEMBERS = 300
AT_ONCE = 8
SYSTEMS = 5
PATIENCE_SECONDS = 30
SECTOR = "venue_operator"


class Demo:
    """One play of the main job against a running suite.

    ``advance(days)`` lets procedure time pass; ``systems``: running, where members have webhooks sent; ``member_list``: the file to import, None: an invented one; ``messy``: a file
    that is only checked; ``convention``: the published text, None: the suite's own summary of it.
    """

    def __init__(
        self,
        http: httpx.AsyncClient,
        issuer: DevelopmentIssuer,
        advance: Callable[[int], Awaitable[None]],
        systems: MembersSystems,
        console: Console,
        *,
        member_list: bytes | None = None,
        messy: bytes | None = None,
        convention: bytes | None = None,
    ) -> None:
        self._http = http
        self._issuer = issuer
        self._advance = advance
        self._systems = systems
        self._console = console
        self._member_list = member_list or invented_member_list(INVENTED_MEMBERS)
        self._messy = messy
        self._convention = convention
        self._registrar = self._as("dev:registrar", Role.REGISTRAR)
        self._secretary = self._as("dev:secretary", Role.SECRETARY)
        self._public = self._as("dev:reader")
        self._representatives: dict[str, Caller] = {}
        self._endpoints: dict[str, str] = {}
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TimeElapsedColumn(),
            console=console,
            transient=True,
        )

    async def play(self) -> None:
        """Play it, told step by step; raises ``StoryBroken`` where the suite does not do its part."""
        with self._progress:
            await self.take_over_the_members()
            await self.three_companies_apply()
            await self.members_come_and_go()
            await self.publish_a_bulletin()
            await self.members_connect_their_systems()
            await self.send_circulars()
            await self.count_every_inbox()
            await self.look_at_what_the_systems_were_told()
            await self.look_at_the_register()
            await self.change_the_convention()
            await self.see_that_every_webhook_arrived()

    def _as(self, sub: str, *roles: Role, member: str | None = None) -> Caller:
        return Caller(self._http, self._issuer, sub, *roles, member=member)

    def _tell(self, line: str) -> None:
        self._console.print(f"[green]✓[/] {line}")

    async def take_over_the_members(self) -> None:
        """An existing member list is imported, after a messy one was checked."""
        if self._messy is not None:
            job = await self._import(self._messy, "Checking a messy file", dry_run=True)
            refused = await self._registrar.pages(
                f"/v1/imports/{job['id']}/rows", only_refused="true"
            )
            self._tell(
                f"A spreadsheet's file, checked only: {job['rows_accepted']} rows are good, "
                f"{len(refused)} are not (line {refused[0]['line']}: {refused[0]['problems'][0]})"
            )
        job = await self._import(self._member_list, "Importing the member list", dry_run=False)
        self._tell(f"{job['rows_accepted']} members taken over from a list, in one transaction")
        for member in await self._public.pages("/v1/members"):
            subject = f"dev:{member['id']}"
            self._representatives[member["id"]] = self._as(subject, member=member["id"])

    async def _import(self, file: bytes, what: str, *, dry_run: bool) -> Any:
        job = await self._registrar.send_file("/v1/imports", file, dry_run=str(dry_run).lower())
        bar = self._progress.add_task(what, total=None)
        while job["status"] in ("queued", "checking"):
            await asyncio.sleep(0.05)
            job = await self._registrar.get(f"/v1/imports/{job['id']}")
            self._progress.update(bar, total=job["rows_total"], completed=job["rows_checked"])
        self._progress.remove_task(bar)
        return job

    async def three_companies_apply(self) -> None:
        """One is returned and accedes, one is refused, one waits for its mandate."""
        returned = await self._apply("acceding", 1)
        answer = await self._registrar.post(
            f"{returned}/returning",
            {"missing": ["营业执照副本 · A copy of the business licence"]},
            etag=await self._registrar.etag(returned),
        )
        again = self._application("acceding", 1)
        again.pop("identifier")
        await self._as("dev:applicant-1").post(f"{returned}/resubmission", again)
        await self._approve(returned)
        signed = await self._as("dev:legal-1").post(f"{returned}/instrument")
        newcomer = signed["member_id"]
        self._representatives[newcomer] = self._as("dev:legal-1", member=newcomer)
        self._tell(f"A company applied, was asked for “{answer['missing'][0]}”, and acceded")

        refused = await self._apply("refused", 2)
        await self._registrar.post(
            f"{refused}/refusal",
            {"ground": "not_a_practitioner", "reasons": "经营范围不含互联网业务。"},
            etag=await self._registrar.etag(refused),
        )
        self._tell("Another was refused: it is no practitioner of the industry (Art. 28)")

        waiting = await self._apply("waiting", 3)
        await self._approve(waiting)
        state = await self._registrar.get(waiting)
        self._tell(f"A third is {state['status']} and waits for: {state['waiting_for']}")

    def _application(self, name: str, number: int) -> dict[str, Any]:
        return {
            "identifier": invented_identifier(Random(f"{name} {number}")),
            "particulars": {
                "legal_name_zh": f"杭州示例{number}网络科技有限公司",
                "legal_name_en": f"Hangzhou Example {number} Network Technology Co., Ltd.",
                "sectors": [SECTOR],
                "legal_representative": "周敏",
                "contact_email": f"liaison@{name}.example",
            },
            "legal_representative_subject": {"sub": f"dev:legal-{number}"},
            "accepts_rules": True,
        }

    async def _apply(self, name: str, number: int) -> str:
        applicant = self._as(f"dev:applicant-{number}")
        application = await applicant.post("/v1/applications", self._application(name, number))
        return f"/v1/applications/{application['id']}"

    async def _approve(self, application: str) -> None:
        etag = await self._registrar.etag(application)
        await self._registrar.post(f"{application}/approval", etag=etag)

    async def members_come_and_go(self) -> None:
        """One leaves by notice, one appoints and removes a representative."""
        leaving, delegating = list(self._representatives)[:2]
        await self._representatives.pop(leaving).post(f"/v1/members/{leaving}/withdrawal", {})
        self._tell("A member left by notice; nobody was asked (Art. 28)")
        path = f"/v1/members/{delegating}/representatives"
        representative = self._representatives[delegating]
        machine = await representative.post(
            path,
            {
                "kind": "machine",
                "name": "office-system",
                "subject": {"sub": "dev:office-system"},
                "scopes": ["circulars"],
            },
        )
        await representative.post(f"{path}/{machine['id']}/removal")
        self._tell("A member appointed its own system as representative, and removed it again")

    async def members_connect_their_systems(self) -> None:
        """Five members have their own systems told; each proves that its address is its own."""
        for member_id in list(self._representatives)[1 : 1 + SYSTEMS]:
            endpoint = await self._representatives[member_id].post(
                "/v1/webhook-endpoints", {"target_url": self._systems.url(member_id)}
            )
            self._systems.trust(member_id, endpoint["secret"])
            self._endpoints[member_id] = f"/v1/webhook-endpoints/{endpoint['id']}"
        self._systems.out_of_order.add(next(iter(self._endpoints)))
        await self._until(self._all_are_active, "an endpoint was not verified")
        self._tell(f"{SYSTEMS} members connected their own systems; each gave its challenge back")

    async def _all_are_active(self) -> bool:
        endpoints = [
            await self._representatives[member_id].get(path)
            for member_id, path in self._endpoints.items()
        ]
        return all(endpoint["status"] == "active" for endpoint in endpoints)

    async def look_at_what_the_systems_were_told(self) -> None:
        """Each was told everything, signed; the one that was out of order at first was told again."""
        await self._until(self._all_are_told, "a member's system was not told")
        told = [webhook for system in self._endpoints for webhook in self._systems.told[system]]
        (failed,) = (webhook for webhook in told if webhook.status == 500)
        again = sum(webhook.webhook_id == failed.webhook_id for webhook in told) - 1
        if again != 1 or len({w.webhook_id for w in told}) != len(told) - 1:
            raise StoryBroken("a system was told something twice without need")
        self._tell(
            f"Their systems got {len(told)} signed webhooks; one answered 500 at first and was told "
            f"again, under the same id"
        )

    async def _all_are_told(self) -> bool:
        for system in self._endpoints:
            told = self._systems.told[system]
            taken = {webhook.webhook_id for webhook in told if webhook.status == 204}
            numbers = {webhook.data.get("number") for webhook in told}
            if self._to_all["number"] not in numbers or {w.webhook_id for w in told} != taken:
                return False
        return True

    async def see_that_every_webhook_arrived(self) -> None:
        """All that has been announced so far, also of the ballots, has been delivered to the systems."""
        await self._until(self._all_have_arrived, "a webhook did not arrive")
        self._tell("Every webhook was delivered, also those about the ballots")

    async def _all_have_arrived(self) -> bool:
        logs = [
            await self._representatives[member_id].pages(f"{path}/deliveries")
            for member_id, path in self._endpoints.items()
        ]
        return all(delivery["status"] == "delivered" for log in logs for delivery in log)

    async def _until(self, holds: Callable[[], Awaitable[bool]], broken: str) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await holds():  # noqa: ASYNC110 - the suite is asked, as a member would
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise StoryBroken(broken) from None

    async def publish_a_bulletin(self) -> None:
        """A month of procedure passes."""
        bar = self._progress.add_task("A month of procedure passes", total=None)
        await self._advance(32)
        self._progress.remove_task(bar)
        bulletin = (await self._public.get("/v1/bulletins"))["items"][0]
        self._tell(
            f"The month ended: bulletin no. {bulletin['number']} tells of {bulletin['joined_count']} "
            f"joined, {bulletin['ceased_count']} ceased"
        )

    async def send_circulars(self) -> None:
        """One to all, one to a sector."""
        self._to_all = await self._circular(
            "关于开展自律检查的通知", "On a self-discipline review", {"kind": "all"}
        )
        self._to_sector = await self._circular(
            "上网场所管理提示", "On venues", {"kind": "sector", "sector": SECTOR}
        )
        self._tell(
            f"Circular {self._to_all['number']} went to all, "
            f"{self._to_sector['number']} to the sector “{SECTOR}”"
        )

    async def _circular(self, zh: str, en: str, audience: dict[str, str]) -> Any:
        draft = await self._secretary.post(
            "/v1/circulars",
            {
                "category": "self_discipline",
                "title": {"zh": zh, "en": en},
                "body": {
                    "zh": "请各成员单位阅知并确认收悉。",
                    "en": "Please read and acknowledge.",
                },
                "audience": audience,
                "acknowledgement_required": True,
            },
        )
        path = f"/v1/circulars/{draft['id']}"
        return await self._secretary.post(f"{path}/issue", etag=await self._secretary.etag(path))

    async def count_every_inbox(self) -> None:
        """Every member opens its inbox, three in four acknowledge, and the counts must agree with the circulars'."""
        numbers = {self._to_all["number"], self._to_sector["number"]}
        received: Counter[str] = Counter()

        async def open_inbox(member_id: str) -> None:
            representative = self._representatives[member_id]
            inbox = await representative.pages("/v1/inbox")
            own = Counter(notice["number"] for notice in inbox if notice["number"] in numbers)
            if max(own.values(), default=0) > 1:
                raise StoryBroken("a member has a notice twice")
            received.update(own)
            if int(member_id[-2:], 16) % 4:
                first = next(n for n in inbox if n["number"] == self._to_all["number"])
                await representative.post(f"/v1/inbox/{first['id']}/acknowledgement")

        await self._for_each("Every member opens its inbox", open_inbox)
        outstanding, in_sector = [
            await self._secretary.get(
                f"/v1/circulars/{circular['id']}/acknowledgements", status="outstanding"
            )
            for circular in (self._to_all, self._to_sector)
        ]
        expected = {
            self._to_all["number"]: outstanding["addressed"],
            self._to_sector["number"]: in_sector["addressed"],
        }
        if dict(received) != expected or outstanding["addressed"] != len(self._representatives):
            raise StoryBroken(f"inboxes hold {dict(received)}, expected {expected}")
        self._tell(
            f"Every addressed member has its notice exactly once: {outstanding['addressed']} and "
            f"{in_sector['addressed']}, counted in the inboxes"
        )
        self._tell(
            f"{outstanding['acknowledged']} have acknowledged, {outstanding['outstanding']} have not; "
            f"the first of them: {outstanding['items'][0]['legal_name_zh']}"
        )

    async def _for_each(self, what: str, act: Callable[[str], Awaitable[None]]) -> None:
        bar = self._progress.add_task(what, total=len(self._representatives))
        waiting = iter(list(self._representatives))

        async def work() -> None:
            for member_id in waiting:
                await act(member_id)
                self._progress.advance(bar)

        await asyncio.gather(*(work() for _ in range(AT_ONCE)))
        self._progress.remove_task(bar)

    async def look_at_the_register(self) -> None:
        """Today, and on a past day."""
        today = await self._public.get("/v1/register")
        past = date.fromisoformat(today["as_of"]).replace(day=1) - timedelta(days=3650)
        then = await self._public.get("/v1/register", as_of=past.isoformat())
        self._tell(
            f"The register today: {today['members_count']} members, version "
            f"{today['register_version']}; on {past}: {then['members_count']}"
        )

    async def change_the_convention(self) -> None:
        """By vote; once they do, once they do not."""
        await Amending(
            self._secretary,
            self._as("dev:second-secretary", Role.SECRETARY),
            self._as("dev:ballot-officer", Role.BALLOT_OFFICER),
            self._representatives,
            self._advance,
            self._for_each,
            self._console,
            self._convention,
        ).play()
