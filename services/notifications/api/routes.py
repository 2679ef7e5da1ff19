"""All routes of notifications, resource by resource."""

from services.notifications.api import circulars, deliveries, endpoints, event_types, inbox

ROUTERS = (
    circulars.router,
    inbox.router,
    endpoints.router,
    deliveries.router,
    event_types.router,
)
