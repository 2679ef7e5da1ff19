"""``python -m services.amendments``: amendments in a process of its own."""

from services.amendments.service import amendments
from shared.serve import main

if __name__ == "__main__":
    main(amendments)
