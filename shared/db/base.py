"""Column types and naming that all tables share."""

from enum import StrEnum
from typing import Any

from sqlalchemy import DateTime, Dialect, MetaData, String, Text, TypeDecorator

from shared.kernel.actor import Subject

_NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def new_metadata() -> MetaData:
    """Metadata with the suite's constraint names."""
    return MetaData(naming_convention=_NAMING)


class IdText(TypeDecorator[str]):
    """A prefixed id, compared byte by byte whatever the database's locale."""

    impl = String(64, collation="C")
    cache_ok = True


class Instant(TypeDecorator[Any]):
    """A point in time, with its zone (UTC)."""

    impl = DateTime(timezone=True)
    cache_ok = True


class SubjectText(TypeDecorator[Subject]):
    """A token subject in one column: issuer, a space, sub."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Subject | None, _dialect: Dialect) -> str | None:
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Subject | None:
        return None if value is None else Subject.parse(value)


class EnumText(TypeDecorator[Any]):
    """A string enum kept as its value."""

    impl = String(40)
    cache_ok = True

    def __init__(self, values: type[StrEnum]) -> None:
        super().__init__()
        self.values = values

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        return None if value is None else self.values(value).value

    def process_result_value(self, value: str | None, _dialect: Dialect) -> Any:
        return None if value is None else self.values(value)
