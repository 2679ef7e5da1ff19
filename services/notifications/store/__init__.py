"""How circulars and notices are kept: tables, rows to plain values and back, lists."""
