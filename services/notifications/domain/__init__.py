"""What is true of circulars and notices. Plain Python."""
