"""The independent services of the suite; none imports another."""
