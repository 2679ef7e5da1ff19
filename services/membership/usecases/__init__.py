"""What can be done in membership: one transaction each."""
