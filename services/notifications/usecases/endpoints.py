"""A member's endpoints: made, changed, checked, given other secrets, deleted (N4)."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notifications.domain.endpoint import (
    HOUR,
    Endpoint,
    Secret,
    refuse_one_more,
    refuse_too_many_checks,
    rotated,
)
from services.notifications.domain.event_types import EVENT_TYPES
from services.notifications.domain.message import WebhookType, test_event, verification
from services.notifications.domain.signing import SECRET_BYTES, shown_secret, webhook_id
from services.notifications.domain.target import TargetRules, parse_target
from services.notifications.store import endpoints, messages
from services.notifications.store.keyring import Keyring
from services.notifications.usecases.acting import member_of
from shared.db.work import Work
from shared.kernel.actor import Actor
from shared.kernel.ids import new_id
from shared.kernel.versions import Expected

CHALLENGE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Issued:
    """An endpoint and its new secret, as its owner gets it this once.

    ``former_until``: how long those that it replaced sign along (machine time); None: there are none.
    """

    endpoint: Endpoint
    secret: str
    former_until: datetime | None = None


async def register_endpoint(
    work: Work,
    actor: Actor,
    keyring: Keyring,
    rules: TargetRules,
    *,
    target_url: str,
    description: str,
    event_types: Sequence[str],
) -> Issued:
    """A new endpoint of the caller's unit. It gets nothing but its ownership check until that has succeeded.

    Refuses an eleventh endpoint, a URL that no webhook is sent to, unknown event types and too many checks.
    """
    member_id = member_of(actor)
    await endpoints.lock_owner(work, member_id)
    refuse_one_more(await endpoints.count_endpoints(work, member_id))
    endpoint = Endpoint.register(
        new_id("whe"),
        member_id,
        parse_target(target_url, rules).url,
        description,
        event_types,
        _new_challenge(),
        work.now,
    )
    await endpoints.save_endpoint(work, endpoint)
    key = secrets.token_bytes(SECRET_BYTES)
    await endpoints.save_secrets(work, keyring, endpoint.id, [Secret(key)])
    await _ask(work, endpoint)
    return Issued(endpoint, shown_secret(key))


async def change_endpoint(
    work: Work,
    endpoint_id: str,
    actor: Actor,
    rules: TargetRules,
    expected: Expected,
    *,
    target_url: str | None,
    description: str | None,
    event_types: Sequence[str] | None,
) -> Endpoint:
    """Change what is not None. Another URL is checked like that of a new endpoint; what waits for it goes there then."""
    endpoint = await _held(work, endpoint_id, actor, expected)
    url = endpoint.url if target_url is None else parse_target(target_url, rules).url
    if description is not None or event_types is not None:
        endpoint.change(work.now, description=description, event_types=event_types)
    if url != endpoint.url:
        endpoint.move(url, _new_challenge(), work.now)
        await endpoints.end_hold(work, endpoint)
        await _ask(work, endpoint)
    await endpoints.save_endpoint(work, endpoint)
    return endpoint


async def enable_endpoint(
    work: Work, endpoint_id: str, actor: Actor, expected: Expected
) -> Endpoint:
    """Check an endpoint's ownership once more, so that it gets what waits for it, and what is announced from now on."""
    endpoint = await _held(work, endpoint_id, actor, expected)
    endpoint.enable(_new_challenge(), work.now)
    await _ask(work, endpoint)
    await endpoints.save_endpoint(work, endpoint)
    return endpoint


async def rotate_secret(
    work: Work,
    endpoint_id: str,
    actor: Actor,
    keyring: Keyring,
    expected: Expected,
    *,
    compromised: bool,
) -> Issued:
    """Give an endpoint another secret; the former ones sign along for a while, compromised ones no longer."""
    endpoint = await _held(work, endpoint_id, actor, expected)
    endpoint.rotate_secret(work.now)
    key = secrets.token_bytes(SECRET_BYTES)
    known = rotated(
        await endpoints.read_secrets(work, keyring, endpoint.id),
        key,
        await endpoints.machine_now(work),
        compromised=compromised,
    )
    await endpoints.save_secrets(work, keyring, endpoint.id, known)
    await endpoints.save_endpoint(work, endpoint)
    former_until = max((secret.until for secret in known if secret.until), default=None)
    return Issued(endpoint, shown_secret(key), former_until)


async def send_test_event(
    work: Work, endpoint_id: str, actor: Actor, event_type: WebhookType
) -> str:
    """Send an active endpoint an event that is marked as a test and invented throughout; its ``webhook-id``."""
    endpoint = await endpoints.find_endpoint(work, endpoint_id, member_of(actor))
    endpoint.check_may_be_tested(event_type)
    example = EVENT_TYPES[event_type].example
    message = test_event(new_id("whm"), endpoint.id, event_type, example, work.now)
    await messages.add_messages(work, message)
    return webhook_id(message.id, endpoint.member_id)


async def delete_endpoint(work: Work, endpoint_id: str, actor: Actor, expected: Expected) -> None:
    """Delete an endpoint with its secrets and its log; what was not delivered yet never is."""
    endpoint = await _held(work, endpoint_id, actor, expected)
    await endpoints.delete_endpoint(work, endpoint)


async def _held(work: Work, endpoint_id: str, actor: Actor, expected: Expected) -> Endpoint:
    endpoint = await endpoints.get_endpoint(work, endpoint_id, member_of(actor))
    expected.check(endpoint.version)
    return endpoint


async def _ask(work: Work, endpoint: Endpoint) -> None:
    """Have the endpoint's ownership checked with its present challenge."""
    await endpoints.lock_owner(work, endpoint.member_id)
    asked = await endpoints.checks_since(work, endpoint.member_id, work.now - HOUR)
    refuse_too_many_checks(asked, work.now)
    check = verification(
        new_id("whm"), endpoint.member_id, endpoint.id, str(endpoint.challenge), work.now
    )
    await messages.add_messages(work, check)


def _new_challenge() -> str:
    return secrets.token_urlsafe(CHALLENGE_BYTES)
