"""For every operation of all services a request that succeeds, made fresh each time with whatever it needs."""

from collections.abc import Awaitable, Callable
from typing import Any

from deploy.embedded.member_list import invented_member_list
from tests.support.ballot_requests import BALLOT_REQUESTS
from tests.support.proposal_requests import LAST_REQUESTS, PROPOSAL_REQUESTS
from tests.support.text_requests import TEXT_REQUESTS
from tests.support.webhook_requests import WEBHOOK_REQUESTS
from tests.support.world import (
    Request,
    Who,
    World,
    a_circular,
    a_mandate,
    completed,
    if_match,
    path_of,
)

Factory = Callable[[World], Awaitable[Request]]
Operation = tuple[str, str]
"""A service and an ``operationId`` of its OpenAPI document."""

REQUESTS: dict[Operation, Factory] = {}

LATER = "2199-12-31"
LATER_AT = "2199-12-31T00:00:00Z"
CSV = {"Content-Type": "text/csv"}


def of(service: str) -> Callable[[Factory], Factory]:
    """Keeps a factory as the one for the operation of ``service`` that is called like it."""

    def keep(factory: Factory) -> Factory:
        REQUESTS[service, factory.__name__] = factory
        return factory

    return keep


def _get(path: str, by: Who = Who.PUBLIC) -> Request:
    return Request("GET", path, by)


def _post(path: str, by: Who, json: Any = None, **options: Any) -> Request:
    return Request("POST", path, by, json, **options)


@of("membership")
async def submit_application(world: World) -> Request:
    return _post("/v1/applications", Who.APPLICANT, world.an_application())


@of("membership")
async def list_applications(_: World) -> Request:
    return _get("/v1/applications", Who.APPLICANT)


@of("membership")
async def read_application(world: World) -> Request:
    return _get(path_of(await world.application()), Who.APPLICANT)


@of("membership")
async def return_application(world: World) -> Request:
    made = await world.application()
    json = {"missing": ["营业执照副本"]}
    return _post(f"{path_of(made)}/returning", Who.REGISTRAR, json, headers=if_match(made))


@of("membership")
async def resubmit_application(world: World) -> Request:
    made = await world.application("returning", {"missing": ["营业执照副本"]})
    return _post(f"{path_of(made)}/resubmission", Who.APPLICANT, completed())


@of("membership")
async def file_mandate(world: World) -> Request:
    made = await world.application()
    json = {"name": "李敏", "subject": {"sub": "li.min"}, "valid_from": "2026-01-01T00:00:00Z"}
    return _post(f"{path_of(made)}/mandate", Who.APPLICANT, json)


@of("membership")
async def approve_application(world: World) -> Request:
    made = await world.application()
    return _post(f"{path_of(made)}/approval", Who.REGISTRAR, headers=if_match(made))


@of("membership")
async def refuse_application(world: World) -> Request:
    made = await world.application()
    json = {"ground": "not_a_practitioner", "reasons": "经营范围不含互联网业务。"}
    return _post(f"{path_of(made)}/refusal", Who.REGISTRAR, json, headers=if_match(made))


@of("membership")
async def sign_instrument(world: World) -> Request:
    return _post(f"{path_of(await world.application('approval'))}/instrument", Who.LEGAL)


@of("membership")
async def retract_application(world: World) -> Request:
    return _post(f"{path_of(await world.application())}/retraction", Who.APPLICANT)


@of("membership")
async def list_members(_: World) -> Request:
    return _get("/v1/members")


@of("membership")
async def read_member(world: World) -> Request:
    return _get(f"/v1/members/{world.own}")


@of("membership")
async def read_member_history(world: World) -> Request:
    return _get(f"/v1/members/{world.own}/history")


@of("membership")
async def change_particulars(world: World) -> Request:
    unit = await world.unit()
    member = await world.as_(Who.FULL, unit).get(f"/v1/members/{unit}")
    json = {"contact_email": "office@unit.example"}
    return Request(
        "PATCH", f"/v1/members/{unit}", Who.FULL, json, headers=if_match(member), own=unit
    )


@of("membership")
async def withdraw(world: World) -> Request:
    unit = await world.unit()
    json = {"effective_on": LATER}
    return _post(f"/v1/members/{unit}/withdrawal", Who.FULL, json, own=unit)


@of("membership")
async def retract_withdrawal(world: World) -> Request:
    announced = await withdraw(world)
    await world.send(announced)
    return Request("DELETE", announced.path, Who.FULL, own=announced.own)


@of("membership")
async def merge_member(world: World) -> Request:
    unit = await world.unit()
    member = await world.as_(Who.REGISTRAR).get(f"/v1/members/{unit}")
    json = {"successor_member_id": world.other, "effective_on": LATER, "evidence": "2026-118"}
    return _post(
        f"/v1/members/{unit}/merger", Who.REGISTRAR, json, headers=if_match(member), own=unit
    )


@of("membership")
async def retract_merger(world: World) -> Request:
    announced = await merge_member(world)
    made = (await world.send(announced)).json()
    return Request("DELETE", announced.path, Who.REGISTRAR, headers=if_match(made))


@of("membership")
async def dissolve_member(world: World) -> Request:
    unit = await world.unit()
    member = await world.as_(Who.REGISTRAR).get(f"/v1/members/{unit}")
    json = {"effective_on": LATER, "evidence": "2026-118"}
    return _post(
        f"/v1/members/{unit}/dissolution", Who.REGISTRAR, json, headers=if_match(member), own=unit
    )


@of("membership")
async def retract_dissolution(world: World) -> Request:
    announced = await dissolve_member(world)
    made = (await world.send(announced)).json()
    return Request("DELETE", announced.path, Who.REGISTRAR, headers=if_match(made))


@of("membership")
async def list_representatives(world: World) -> Request:
    return _get(f"/v1/members/{world.own}/representatives", Who.FULL)


@of("membership")
async def read_representative(world: World) -> Request:
    members = await world.as_(Who.FULL).get(f"/v1/members/{world.own}/representatives")
    return _get(path_of(members["items"][0]), Who.FULL)


@of("membership")
async def appoint_representative(world: World) -> Request:
    unit = await world.unit()
    return _post(f"/v1/members/{unit}/representatives", Who.FULL, a_mandate("li.min"), own=unit)


@of("membership")
async def remove_representative(world: World) -> Request:
    unit = await world.unit()
    return _post(f"{await world.mandate(unit, 'li.min')}/removal", Who.FULL, own=unit)


@of("membership")
async def issue_claim_code(world: World) -> Request:
    return _post(f"/v1/members/{world.own}/claim-code", Who.REGISTRAR)


@of("membership")
async def claim_membership(world: World) -> Request:
    json = {"code": await world.claim_code(), "name": "张磊"}
    return _post("/v1/claims", Who.STRANGER, json)


@of("membership")
async def read_register(_: World) -> Request:
    return _get("/v1/register")


@of("membership")
async def list_movements(_: World) -> Request:
    return _get("/v1/register/movements")


@of("membership")
async def read_roll(world: World) -> Request:
    return _get(f"/v1/rolls/{await world.roll()}", Who.BALLOT_OFFICER)


@of("membership")
async def list_bulletins(_: World) -> Request:
    return _get("/v1/bulletins")


@of("membership")
async def read_bulletin(world: World) -> Request:
    return _get(f"/v1/bulletins/{await world.bulletin()}")


@of("membership")
async def read_bulletin_feed(_: World) -> Request:
    return _get("/v1/bulletins.atom")


@of("membership")
async def publish_erratum(world: World) -> Request:
    json = {"correction_zh": "第三行名称有误。", "correction_en": "Line 3 names another unit."}
    return _post(f"/v1/bulletins/{await world.bulletin()}/errata", Who.REGISTRAR, json)


@of("membership")
async def import_members(_: World) -> Request:
    content = invented_member_list(1)
    return _post("/v1/imports?dry_run=true", Who.REGISTRAR, content=content, headers=CSV)


@of("membership")
async def read_import(world: World) -> Request:
    job = (await world.send(await import_members(world))).json()
    return _get(path_of(job), Who.REGISTRAR)


@of("membership")
async def list_import_rows(world: World) -> Request:
    return _get(f"{(await read_import(world)).path}/rows", Who.REGISTRAR)


@of("notifications")
async def draft_circular(_: World) -> Request:
    return _post("/v1/circulars", Who.SECRETARY, a_circular())


@of("notifications")
async def list_circulars(_: World) -> Request:
    return _get("/v1/circulars", Who.SECRETARY)


@of("notifications")
async def get_circular(world: World) -> Request:
    return _get(path_of(await world.circular("issue")), Who.FULL)


@of("notifications")
async def edit_circular(world: World) -> Request:
    made = await world.circular()
    json = a_circular(category="policy")
    path = f"{path_of(made)}/draft"
    return Request("PUT", path, Who.SECRETARY, json, headers=if_match(made))


@of("notifications")
async def preview_circular(world: World) -> Request:
    return _get(f"{path_of(await world.circular())}/preview", Who.SECRETARY)


@of("notifications")
async def discard_circular(world: World) -> Request:
    made = await world.circular()
    return _post(f"{path_of(made)}/discarding", Who.SECRETARY, headers=if_match(made))


@of("notifications")
async def schedule_circular(world: World) -> Request:
    made = await world.circular()
    json = {"issue_at": LATER_AT}
    return _post(f"{path_of(made)}/scheduling", Who.SECRETARY, json, headers=if_match(made))


@of("notifications")
async def unschedule_circular(world: World) -> Request:
    made = await world.circular("scheduling", {"issue_at": LATER_AT})
    return _post(f"{path_of(made)}/unscheduling", Who.SECRETARY, headers=if_match(made))


@of("notifications")
async def issue_circular(world: World) -> Request:
    made = await world.circular()
    return _post(f"{path_of(made)}/issue", Who.SECRETARY, headers=if_match(made))


@of("notifications")
async def correct_circular(world: World) -> Request:
    made = await world.circular("issue")
    return _post(f"{path_of(made)}/correction", Who.SECRETARY, headers=if_match(made))


@of("notifications")
async def list_acknowledgements(world: World) -> Request:
    return _get(f"{path_of(await world.circular('issue'))}/acknowledgements", Who.SECRETARY)


@of("notifications")
async def list_inbox(_: World) -> Request:
    return _get("/v1/inbox", Who.FULL)


@of("notifications")
async def get_notice(world: World) -> Request:
    return _get(await world.notice(), Who.FULL)


@of("notifications")
async def read_notice(world: World) -> Request:
    return _post(f"{await world.notice()}/read", Who.FULL)


@of("notifications")
async def acknowledge_notice(world: World) -> Request:
    return _post(f"{await world.notice()}/acknowledgement", Who.FULL)


for _service, _factories in (
    ("notifications", WEBHOOK_REQUESTS),
    ("amendments", (*TEXT_REQUESTS, *PROPOSAL_REQUESTS, *BALLOT_REQUESTS, *LAST_REQUESTS)),
):
    for _factory in _factories:
        of(_service)(_factory)


def _operations(service: str) -> None:
    prefix = f"/operations/{service}"

    @of(service)
    async def list_incoming_events(_: World) -> Request:
        return _get(f"{prefix}/incoming-events", Who.OPERATOR)

    @of(service)
    async def list_outgoing_events(_: World) -> Request:
        return _get(f"{prefix}/outgoing-events", Who.OPERATOR)

    @of(service)
    async def retry_incoming_event(world: World) -> Request:
        event_id = await world.dead_event(service)
        return _post(f"{prefix}/incoming-events/{event_id}/retry", Who.OPERATOR)

    @of(service)
    async def discard_incoming_event(world: World) -> Request:
        event_id = await world.dead_event(service)
        return _post(f"{prefix}/incoming-events/{event_id}/discarding", Who.OPERATOR)


for _service in ("amendments", "membership", "notifications"):
    _operations(_service)
