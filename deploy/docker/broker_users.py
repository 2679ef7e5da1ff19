"""Each service's own user on RabbitMQ, with the rights that a service needs and no other.

A service declares nothing. It publishes to the one exchange, under its own name or to a single service that asked; it binds
its own queue, to the keys that the catalogue gives it; it reads its own queue and that queue's dead letters.
"""

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote, unquote, urlsplit

import httpx
from pydantic import SecretStr
from pydantic_settings import BaseSettings

from shared.contracts.catalog import bindings_of
from shared.messaging.bus import direct_key
from shared.messaging.rabbit import EVENTS_EXCHANGE, dead_letter_queue_name, queue_name

NOTHING = "^$"


class BrokerUser(BaseSettings):
    """What a service's user comes with: ``<SERVICE>_BROKER_PASSWORD``."""

    password: SecretStr


def rights_of(service: str) -> dict[str, str]:
    """Patterns of the names of exchanges and queues on which the user of ``service`` may act."""
    queue = queue_name(service)
    return {
        "configure": NOTHING,
        "write": _one_of([EVENTS_EXCHANGE, queue]),
        "read": _one_of([EVENTS_EXCHANGE, queue, dead_letter_queue_name(service)]),
    }


def topics_of(service: str) -> dict[str, str]:
    """Patterns of the routing keys under which it may publish (``write``) and to which it may bind (``read``)."""
    return {
        "exchange": EVENTS_EXCHANGE,
        "write": f"^({service}|{direct_key('')[:-1]})\\.",
        "read": _one_of([*bindings_of(service), direct_key(service)]),
    }


def vhost_of(broker_url: str) -> str:
    """The virtual host that an AMQP address names; without one it is ``/``."""
    return unquote(urlsplit(broker_url).path[1:]) or "/"


async def make_broker_users(management: str, vhost: str, services: Sequence[str]) -> None:
    """Make every service's user, or give it its password and rights anew.

    ``management``: the address of RabbitMQ's management API, with an administrator's name and password. Raises
    ``httpx.HTTPStatusError`` where the broker refuses.
    """
    within = quote(vhost, safe="")
    async with httpx.AsyncClient(base_url=management, timeout=30, trust_env=False) as http:
        for service in services:
            user = BrokerUser(_env_prefix=f"{service.upper()}_BROKER_")
            wanted = {
                f"/api/users/{service}": {
                    "password": user.password.get_secret_value(),
                    "tags": "",
                },
                f"/api/permissions/{within}/{service}": rights_of(service),
                f"/api/topic-permissions/{within}/{service}": topics_of(service),
            }
            for path, body in wanted.items():
                (await http.put(path, json=body)).raise_for_status()


def _one_of(names: Iterable[str]) -> str:
    return f"^({'|'.join(map(re.escape, names))})$"
