"""``python -m services.membership``."""

from services.membership.service import membership
from shared.serve import main

main(membership)
