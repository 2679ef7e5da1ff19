"""``python -m tests.support.hasty_deliverers``: a broken build of notifications that records before it sends."""

from services.notifications import workers
from services.notifications.domain.attempt import Answer
from services.notifications.outbound.sender import Connection
from services.notifications.service import notifications
from services.notifications.store.deliveries import Attempted, Report, Run, Taken
from services.notifications.workers import Deliverer
from shared.serve import main


class HastyDeliverer(Deliverer):
    """Says of every delivery that it arrived, and then makes it."""

    async def _attempt(
        self, run: Run, taken: Taken, connection: Connection | None, begun: float
    ) -> Attempted:
        self._report(Report(run, [self._concluded(run, taken, Answer.of(204), 0, 0)]))
        return await super()._attempt(run, taken, connection, begun)


if __name__ == "__main__":
    workers.Deliverer = HastyDeliverer  # type: ignore[misc]
    main(notifications)
