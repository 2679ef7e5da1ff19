"""What services promise each other and their callers: events, their documents, the pages that explain them."""
