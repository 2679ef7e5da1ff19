"""How versions, proposals, ballots and votes are kept: tables, rows to plain values and back, lists."""
