"""What amendments reads from the environment."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from shared.settings import ServiceSettings


class AmendmentsSettings(ServiceSettings):
    """Settings of amendments: ``AMENDMENTS_*``."""

    model_config = SettingsConfigDict(env_prefix="AMENDMENTS_", frozen=True)

    country: Annotated[
        str,
        Field(
            pattern="^[a-z]{2}$",
            description="The organ's country (ISO 3166-1), as it stands in the Akoma Ntoso export.",
        ),
    ] = "cn"
