"""Who may call the routes of the law: everyone reads it, the organ's secretary acts on it."""

from shared.http.access import PUBLIC_ACCESS, role
from shared.kernel.actor import Role

SECRETARY = role(Role.SECRETARY, seen_by=PUBLIC_ACCESS)
