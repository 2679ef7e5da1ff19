"""For every operation on webhooks a request that succeeds, each about a fresh unit and its fresh endpoint."""

from typing import Any

from tests.support.eventually import eventually
from tests.support.world import Request, Who, World, path_of

NOBODY = "http://127.0.0.1:9/"
"""A URL where nothing answers."""


async def endpoint(world: World, unit: str, target_url: str = NOBODY) -> dict[str, Any]:
    """A webhook endpoint of ``unit``; its ownership check has begun."""
    await world.roster()
    made: dict[str, Any] = await world.as_(Who.FULL, unit).post(
        "/v1/webhook-endpoints", {"target_url": target_url}, expect=201
    )
    return made


async def active_endpoint(world: World, unit: str) -> dict[str, Any]:
    """One that has given its challenge back."""
    made = await endpoint(world, unit, world.systems.url(unit))

    async def is_active() -> bool:
        seen = await world.as_(Who.FULL, unit).get(path_of(made))
        return bool(seen["status"] == "active")

    await eventually(is_active)
    return made


async def delivery(world: World, unit: str) -> str:
    """What was to be delivered to one of its endpoints; its path."""
    path = f"{path_of(await endpoint(world, unit))}/deliveries"

    async def begun() -> list[dict[str, Any]]:
        return list((await world.as_(Who.FULL, unit).get(path))["items"])

    return path_of((await eventually(begun))[0])


async def register_endpoint(world: World) -> Request:
    unit = await world.unit()
    await world.roster()
    return Request("POST", "/v1/webhook-endpoints", Who.FULL, {"target_url": NOBODY}, own=unit)


async def list_endpoints(_: World) -> Request:
    return Request("GET", "/v1/webhook-endpoints", Who.FULL)


async def get_endpoint(world: World) -> Request:
    unit = await world.unit()
    return Request("GET", path_of(await endpoint(world, unit)), Who.FULL, own=unit)


async def change_endpoint(world: World) -> Request:
    unit = await world.unit()
    made = await endpoint(world, unit)
    return Request("PATCH", path_of(made), Who.FULL, {"description": "生产环境"}, own=unit)


async def delete_endpoint(world: World) -> Request:
    unit = await world.unit()
    return Request("DELETE", path_of(await endpoint(world, unit)), Who.FULL, own=unit)


async def rotate_secret(world: World) -> Request:
    unit = await world.unit()
    path = f"{path_of(await endpoint(world, unit))}/secret-rotation"
    return Request("POST", path, Who.FULL, {"compromised": True}, own=unit)


async def send_test_event(world: World) -> Request:
    unit = await world.unit()
    path = f"{path_of(await active_endpoint(world, unit))}/test-event"
    return Request("POST", path, Who.FULL, {"type": "membership.bulletin.published.v1"}, own=unit)


async def enable_endpoint(world: World) -> Request:
    unit = await world.unit()
    return Request("POST", f"{path_of(await endpoint(world, unit))}/enabling", Who.FULL, own=unit)


async def list_deliveries(world: World) -> Request:
    unit = await world.unit()
    return Request("GET", f"{path_of(await endpoint(world, unit))}/deliveries", Who.FULL, own=unit)


async def get_delivery(world: World) -> Request:
    unit = await world.unit()
    return Request("GET", await delivery(world, unit), Who.FULL, own=unit)


async def list_event_types(_: World) -> Request:
    return Request("GET", "/v1/event-types", Who.PUBLIC)


WEBHOOK_REQUESTS = (
    register_endpoint,
    list_endpoints,
    get_endpoint,
    change_endpoint,
    delete_endpoint,
    rotate_secret,
    send_test_event,
    enable_endpoint,
    list_deliveries,
    get_delivery,
    list_event_types,
)
