"""The peers: an outbox relay and a consumer as most templates write them, with the ORM and one message at a time."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar

import aio_pika
from aio_pika.abc import AbstractExchange, AbstractIncomingMessage
from sqlalchemy import JSON, DateTime, Identity, Index, func, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import Text

Sessions = async_sessionmaker[AsyncSession]


class Base(DeclarativeBase):
    """The tables of the peers."""

    type_annotation_map: ClassVar = {dict[str, Any]: JSON, datetime: DateTime(timezone=True)}


class OutboxMessage(Base):
    """An event that waits to be published, or has been."""

    __tablename__ = "outbox_messages"

    id: Mapped[str] = mapped_column(primary_key=True)
    position: Mapped[int] = mapped_column(Identity())
    routing_key: Mapped[str]
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    published_at: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_outbox_unpublished", "position", postgresql_where=text("published_at IS NULL")),
    )


class ProcessedMessage(Base):
    """A message that has had its effect."""

    __tablename__ = "processed_messages"

    id: Mapped[str] = mapped_column(primary_key=True)
    processed_at: Mapped[datetime] = mapped_column(server_default=func.now())


class Member(Base):
    """A member as the consumer knows it."""

    __tablename__ = "members"

    id: Mapped[str] = mapped_column(primary_key=True)
    name_zh: Mapped[str]
    name_en: Mapped[str]
    sectors: Mapped[list[str]] = mapped_column(ARRAY(Text))
    register_version: Mapped[int]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Sessions]:
    """Sessions on the database at ``url``, with the peers' tables in it, until the block ends."""
    engine = create_async_engine(url)
    async with engine.begin() as db:
        await db.run_sync(Base.metadata.create_all)
    yield async_sessionmaker(engine, expire_on_commit=False)
    await engine.dispose()


async def relay(sessions: Sessions, exchange: AbstractExchange) -> None:
    """Publish what waits, the oldest first, until nothing does."""
    while True:
        async with sessions.begin() as session:
            message = await session.scalar(
                select(OutboxMessage)
                .where(OutboxMessage.published_at.is_(None))
                .order_by(OutboxMessage.position)
                .limit(1)
                .with_for_update(skip_locked=True)
            )
            if message is None:
                return
            await exchange.publish(
                aio_pika.Message(
                    json.dumps(message.payload).encode(),
                    message_id=message.id,
                    content_type="application/json",
                    delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
                ),
                routing_key=message.routing_key,
            )
            message.published_at = func.now()


async def handle(sessions: Sessions, message: AbstractIncomingMessage) -> None:
    """Bring the projection up to date, unless the message came before, and acknowledge it."""
    async with message.process():
        event = json.loads(message.body)
        data = event["data"]
        async with sessions.begin() as session:
            if await session.get(ProcessedMessage, event["id"]) is not None:
                return
            session.add(ProcessedMessage(id=event["id"]))
            await session.merge(
                Member(
                    id=data["member_id"],
                    name_zh=data["legal_name_zh"],
                    name_en=data["legal_name_en"],
                    sectors=data["sectors"],
                    register_version=data["register_version"],
                )
            )
