"""The pictures of a tale: the main character first, then cast and backgrounds that match."""
