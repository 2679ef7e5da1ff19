"""All routes of amendments, resource by resource."""

from fastapi import APIRouter

from services.amendments.api import (
    annexes,
    ballots,
    convention,
    founding,
    interpretations,
    promulgations,
    proposals,
    texts,
)

ROUTERS: tuple[APIRouter, ...] = (
    convention.router,
    texts.router,
    founding.router,
    interpretations.router,
    proposals.router,
    promulgations.router,
    ballots.router,
    ballots.votes_router,
    annexes.router,
)
