"""The pure core: plain Python that a domain may use. No I/O, no framework."""
