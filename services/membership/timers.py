"""What becomes due in membership."""

from collections.abc import Sequence

from services.membership.store.members import next_due_at
from services.membership.usecases.bulletins import next_bulletin_at, publish_due_bulletins
from services.membership.usecases.imports import run_imports
from services.membership.usecases.register import apply_due_endings
from shared.timers import Timer, in_one_work


def timers(development_issuer: str | None) -> Sequence[Timer]:
    """Endings that take effect, bulletins whose period has ended, imports that were handed in."""
    return (
        Timer("end_memberships", in_one_work(apply_due_endings), next_due_at),
        Timer("publish_bulletins", in_one_work(publish_due_bulletins), next_bulletin_at),
        Timer(
            "run_imports",
            lambda database: run_imports(database, development_issuer),
            every_seconds=0.2,
        ),
    )
