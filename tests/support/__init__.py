"""What the tests share: servers, databases, tokens, waiting, made-up members."""
