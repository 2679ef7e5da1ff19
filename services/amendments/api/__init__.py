"""What people ask amendments, over HTTP."""
