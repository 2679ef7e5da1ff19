"""Membership's settings: ``MEMBERSHIP_*``."""

from datetime import timedelta

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class MembershipSettings(ServiceSettings):
    """What membership reads from the environment."""

    model_config = SettingsConfigDict(env_prefix="MEMBERSHIP_", frozen=True)

    claim_code_lifetime: timedelta = Field(
        timedelta(days=30), description="How long a claim code can be redeemed."
    )
    development_subjects: bool = Field(
        False,
        description="Bind the subject dev:{member id} as representative of every imported member. Refused in production.",
    )
