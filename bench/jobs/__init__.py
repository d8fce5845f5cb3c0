"""Measures background jobs: how soon they start, how soon others hear of them, and what that costs."""
