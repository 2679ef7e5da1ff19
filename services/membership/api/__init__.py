"""What people ask of membership, over HTTP."""

from services.membership.api import (
    applications,
    bulletins,
    imports,
    members,
    register,
    representatives,
)

ROUTERS = (
    members.router,
    representatives.router,
    applications.router,
    register.router,
    bulletins.router,
    imports.router,
)
