"""The benchmark: how fast the suite is against its peers and limits, measured in one run. ``make bench``."""
