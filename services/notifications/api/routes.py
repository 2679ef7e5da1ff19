"""All routes of notifications, resource by resource."""

from services.notifications.api import circulars, inbox

ROUTERS = (circulars.router, inbox.router)
