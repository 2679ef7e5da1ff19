"""``python -m services.membership``."""

from services.membership.service import membership
from shared.serve import main

if __name__ == "__main__":
    main(membership)
