"""The HTTP side of every service: strict bodies, tokens, problems, paging, and the route that ties them to a transaction."""
