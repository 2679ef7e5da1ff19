"""What can be done in amendments: one transaction each."""
