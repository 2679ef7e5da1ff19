"""What every service reads from the environment; each setting with its default and one sentence."""

from typing import Literal, Self
from zoneinfo import ZoneInfo

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Environment = Literal["development", "production"]


class SuiteSettings(BaseSettings):
    """Settings that all services of a deployment share: ``GONGYUE_*``. Production refuses the defaults that are open."""

    model_config = SettingsConfigDict(env_prefix="GONGYUE_", frozen=True, hide_input_in_errors=True)

    environment: Environment = Field(
        "development", description="development or production; production refuses every test aid."
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="Where callers reach the suite; every link in an answer begins with it.",
    )
    zone: str = Field(
        "Asia/Shanghai",
        description="The organ's own time zone, in which civil days and terms are counted.",
    )
    broker_url: SecretStr = Field(
        SecretStr("amqp://guest:guest@127.0.0.1:5672/"), description="RabbitMQ, as an AMQP address."
    )
    issuer: str = Field(
        "https://issuer.gongyue.invalid", description="The exact issuer of the tokens we accept."
    )
    jwks_url: str = Field(
        "http://127.0.0.1:8000/.well-known/jwks.json", description="Where the issuer's keys are."
    )
    secret: SecretStr = Field(
        SecretStr(""),
        description="At least 32 characters; signs page cursors. All replicas share it. Empty: drawn at start.",
    )
    services: frozenset[str] = Field(
        frozenset({"membership", "amendments", "notifications"}),
        description="The services of this deployment; an event for a service outside it needs no queue.",
    )
    test_clock: bool = Field(
        False, description="Allows procedure time to be advanced. Refused in production."
    )
    log_json: bool = Field(
        False, description="One JSON object a log line instead of readable text."
    )

    @property
    def organ_zone(self) -> ZoneInfo:
        """The organ's time zone."""
        return ZoneInfo(self.zone)

    @model_validator(mode="after")
    def _production_is_closed(self) -> Self:
        if self.environment == "production":
            if self.test_clock:
                raise ValueError("GONGYUE_TEST_CLOCK is refused in production")
            if len(self.secret.get_secret_value()) < 32:
                raise ValueError("GONGYUE_SECRET needs at least 32 characters in production")
            if "guest:guest@" in self.broker_url.get_secret_value():
                raise ValueError("GONGYUE_BROKER_URL has the broker's well-known password")
        return self


class ServiceSettings(BaseSettings):
    """Settings of one service; a subclass gives the prefix (``MEMBERSHIP_*``)."""

    model_config = SettingsConfigDict(frozen=True, hide_input_in_errors=True)

    database_url: SecretStr = Field(
        SecretStr("postgresql+asyncpg://localhost/gongyue"),
        description="This service's own PostgreSQL database (15 to 18), with its own role.",
    )
    pool_size: int = Field(10, ge=1, le=100, description="Database connections kept per process.")
