"""The adventure: a story that is told turn by turn, as its player chooses."""
