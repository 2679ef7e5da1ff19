"""What people ask notifications, over HTTP."""
