"""How membership is kept: tables, one store per aggregate, and the queries behind its lists."""
