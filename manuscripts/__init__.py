"""Finished stories as files: Markdown, plain text, HTML, EPUB and PDF."""
