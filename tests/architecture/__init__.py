"""The gates that keep the house as it is drawn."""
