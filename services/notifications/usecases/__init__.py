"""What can be done in notifications: one transaction each."""
