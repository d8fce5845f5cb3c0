"""Measures adventures: the first character, a crowd, idle players, and one whose line keeps breaking."""
