"""Text models: what flows ask of them, and reading what they write."""
