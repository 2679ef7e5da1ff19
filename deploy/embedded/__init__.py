"""Infrastructure the suite can start for itself when none is provided."""
