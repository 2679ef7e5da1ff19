"""``python -m services.notifications``: notifications in a process of its own."""

from services.notifications.service import notifications
from shared.serve import main

if __name__ == "__main__":
    main(notifications)
