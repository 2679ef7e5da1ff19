"""What callers send and get. Chinese is authoritative; English is a translation."""
