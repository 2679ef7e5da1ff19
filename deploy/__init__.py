"""Ways to run the Gongyue suite on real machines."""
