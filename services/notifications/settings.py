"""What notifications reads from the environment."""

from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class NotificationsSettings(ServiceSettings):
    """Settings of notifications: ``NOTIFICATIONS_*``."""

    model_config = SettingsConfigDict(env_prefix="NOTIFICATIONS_", frozen=True)
