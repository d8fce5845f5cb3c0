"""A story in pages, illustrated in the background, with one character throughout."""
