"""What notifications reads from the environment."""

from functools import cached_property
from ipaddress import ip_network
from typing import Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import SettingsConfigDict

from services.notifications.domain.addresses import Network
from services.notifications.domain.target import TargetRules
from services.notifications.store.keyring import Keyring
from shared.settings import ServiceSettings, SuiteSettings


class NotificationsSettings(ServiceSettings):
    """Settings of notifications: ``NOTIFICATIONS_*``."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_", frozen=True)

    webhook_keys: SecretStr = Field(
        SecretStr(""),
        description="Base64 keys of 32 bytes, with commas between, that seal webhook secrets; the first one seals,"
        " all open. All replicas share them. Empty: drawn at start.",
    )
    webhook_ports: frozenset[int] = Field(
        frozenset({443, 8443}), description="Ports that webhooks are sent to; none means any."
    )
    webhook_plain_http: bool = Field(
        False, description="Send webhooks also by http and to IP addresses. Refused in production."
    )
    webhook_networks: tuple[str, ...] = Field(
        (),
        description="Private networks that webhooks may be sent to, as 10.20.0.0/16; their answers are shown to nobody.",
    )

    webhook_log_days: int = Field(
        90, ge=1, description="Days that the log of a delivery is kept after it arrived or failed."
    )

    @cached_property
    def keyring(self) -> Keyring:
        """What seals and opens webhook secrets."""
        keys = self.webhook_keys.get_secret_value()
        return Keyring.parse(keys) if keys else Keyring.draw()

    @cached_property
    def allowed_networks(self) -> tuple[Network, ...]:
        """The private networks that webhooks may be sent to."""
        return tuple(ip_network(network) for network in self.webhook_networks)

    def target_rules(self, suite: SuiteSettings) -> TargetRules:
        """What a webhook's URL has to be like in this deployment."""
        own = suite.public_url.partition("://")[2].partition("/")[0].partition(":")[0]
        return TargetRules(
            ports=self.webhook_ports,
            plain_http=self.webhook_plain_http,
            ip_literals=self.webhook_plain_http,
            own_hosts=frozenset() if self.webhook_plain_http else frozenset({own.lower()}),
        )

    def refuse_open_defaults(self, suite: SuiteSettings) -> Self:
        """These settings, fit for the suite's environment; raises ``ValueError`` where production forbids them."""
        if suite.environment == "production":
            if not self.webhook_keys.get_secret_value():
                raise ValueError("NOTIFICATIONS_WEBHOOK_KEYS is needed in production")
            if self.webhook_plain_http:
                raise ValueError("NOTIFICATIONS_WEBHOOK_PLAIN_HTTP is refused in production")
        return self

    @model_validator(mode="after")
    def _can_be_read(self) -> Self:
        _ = self.keyring, self.allowed_networks
        return self
